//! Which copy of a post, made by its group, each server that knows no groups gets.

use crate::app::Asker;
use crate::domain::{Actor, EventKind, Host, Mirror, Post, Uri};
use crate::error::Result;
use crate::services::deliveries::known::Known;
use crate::services::deliveries::news::{GroupTelling, News};
use crate::services::deliveries::routes::Route;
use crate::services::mirrors::{self, Copy};
use crate::storage::Connection;

/// Copies of what happened to a post, for these servers. Of what its author does not let be copied there
/// is none, nor of what answers nothing that can be seen there.
pub(super) fn copies(
    connection: &mut Connection,
    known: &mut Known,
    asker: &Asker,
    organization: &str,
    (telling, kind, post): (&GroupTelling, EventKind, &Post),
    destinations: Vec<(Host, Uri)>,
) -> Result<Vec<Route>> {
    let group = &telling.group;
    let say = |news, addressee| GroupTelling {
        news,
        announced: false,
        addressee,
        ..telling.clone()
    };
    match kind {
        EventKind::PostCreated | EventKind::PostUpdated => {}
        EventKind::PostDeleted | EventKind::PostRemoved if group.outreach.mirror == Mirror::Off => {
            return Ok(Vec::new());
        }
        EventKind::PostDeleted | EventKind::PostRemoved | EventKind::MirrorTakenBack => {
            let news = News::MirrorDeleted { post: post.clone() };
            return Ok(vec![(say(news, None), destinations)]);
        }
        _ => return Ok(Vec::new()),
    }
    let author = known.actor(connection, post.author)?.cloned();
    let (Some(author), true) = (author, mirrors::is_copied(connection, group, post)?) else {
        return Ok(Vec::new());
    };
    let mut forms: Vec<Form> = Vec::new();
    for destination in destinations {
        let about = (post, &author, organization);
        let copy = mirrors::copy_for(connection, asker, group, about, &destination.0)?;
        let Some((copy, addressee)) = copy else {
            continue;
        };
        match forms.iter_mut().find(|form| form.is(&copy)) {
            Some(form) => form.destinations.push(destination),
            None => forms.push(Form {
                copy,
                addressee,
                destinations: vec![destination],
            }),
        }
    }
    let route = |form: Form| {
        let copy = Box::new(form.copy);
        let news = match kind {
            EventKind::PostUpdated => News::MirrorUpdated(copy),
            _ => News::MirrorCreated(copy),
        };
        (say(news, form.addressee), form.destinations)
    };
    Ok(forms.into_iter().map(route).collect())
}

/// A copy and the servers that get it like this.
struct Form {
    copy: Copy,
    addressee: Option<Actor>,
    destinations: Vec<(Host, Uri)>,
}

impl Form {
    /// Of one post, copies differ in what they answer and what they promise.
    fn is(&self, copy: &Copy) -> bool {
        self.copy.answers == copy.answers && self.copy.promise == copy.promise
    }
}
