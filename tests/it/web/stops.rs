//! The emergency stop as owners and administrators find it.

use super::House;

#[tokio::test]
async fn owners_stop_their_group_and_administrators_release_it() {
    for house in House::all().await {
        let mut eve = house.owner("eve", "engineering", "closed").await;
        eve.go("/g/engineering/settings").await;
        let why = [("reason", "Wrong people in it")];
        let stopped = eve.send("/g/engineering/stop", &why).await;
        assert!(
            stopped.text().contains("Wrong people in it"),
            "{}",
            stopped.text()
        );
        assert_eq!(eve.go("/admin/stops").await.status, 404);

        let mut ada = house.person("ada").await;
        let listed = ada.go("/admin/stops").await;
        assert!(
            listed.text().contains("Wrong people in it"),
            "{}",
            listed.text()
        );
        let release = [
            ("what", "group"),
            ("name", "engineering"),
            ("action", "release"),
        ];
        let released = ada.send("/admin/stops", &release).await;
        assert!(released.text().contains("Released"), "{}", released.text());
        assert!(!released.text().contains("Wrong people in it"));
        let everything = [("what", "all"), ("reason", "Drill"), ("action", "stop")];
        let stopped = ada.send("/admin/stops", &everything).await;
        assert!(stopped.text().contains("Drill"), "{}", stopped.text());
        let nothing = [("what", "group"), ("name", "absent"), ("action", "stop")];
        let refused = ada.send("/admin/stops", &nothing).await;
        assert_eq!(refused.status, 422, "{}", refused.text());
    }
}
