use std::time::Duration;

use super::*;
use crate::domain::{Access, MembershipState, OrgRole, Timestamp};
use crate::policy::Viewer;
use crate::services::test_house::House;

/// An id holds a millisecond and 4,096 numbers of one process.
const MORE_THAN_A_MILLISECOND_HOLDS: usize = 4_200;

#[tokio::test]
async fn many_comments_of_the_same_moment_are_all_taken() {
    let house = House::open("acme.example").await;
    let ada = house.account("ada", OrgRole::Member).await.actor;
    let group = house.group("roads", Access::Open).await;
    house.join(&group, ada.id, MembershipState::Member).await;
    let viewer = Viewer::Member {
        actor: ada.id,
        role: OrgRole::Member,
    };
    let title = "Bridge opens Monday".parse().unwrap();
    let topic = create_topic(
        &house.app,
        viewer.clone(),
        group.id,
        title,
        None,
        None,
        vec![],
    )
    .await
    .unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;

    let asker = house.app.asker(viewer);
    let (parent, by) = (topic.clone(), ada.clone());
    house
        .write(move |connection, _| {
            for number in 0..MORE_THAN_A_MILLISECOND_HOLDS {
                let comment = ReceivedPost {
                    uri: format!("https://birch.example/p/{number}").parse()?,
                    author: by.uri.clone(),
                    group: None,
                    parent: Some(parent.uri.clone()),
                    title: None,
                    html: "<p>Congratulations!</p>".to_owned().into(),
                    source: None,
                    recipients: Recipients::default(),
                    published: Some(Timestamp::MIN),
                    poll: None,
                    updated: None,
                    interaction: None,
                    attachments: Vec::new(),
                    links_files: false,
                    conversation: None,
                };
                let ground = Ground {
                    group: group.clone(),
                    parent: Some(parent.clone()),
                };
                receive(connection, &asker, &by, ground, &comment, None)?;
            }
            Ok(())
        })
        .await;

    let topic = house.find_post(topic.uri).await;
    let taken = usize::try_from(topic.comments).unwrap();
    assert_eq!(taken, MORE_THAN_A_MILLISECOND_HOLDS);
}
