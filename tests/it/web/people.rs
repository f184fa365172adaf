//! People's pages: what stands on a profile, and following.

use super::House;

#[tokio::test]
async fn colleagues_follow_each_other_and_write_on_their_profiles() {
    for house in House::all().await {
        let mut ada = house.person("ada").await;
        ada.go("/u/ada").await;
        assert!(ada.page.says("It stays inside."));
        assert!(
            !ada.page.says("Followers at partners"),
            "the house keeps profiles inside"
        );
        let words = [("body", "The **bridge** is open."), ("audience", "profile")];
        let post = ada.send("/u/ada/posts", &words).await.path.clone();
        assert!(ada.page.html.contains("<strong>bridge</strong>"));
        assert!(ada.page.says("Who will read this: all colleagues"));

        // Grace finds it on ada's page, and at home once she follows.
        let mut grace = house.person("grace").await;
        assert!(!grace.go("/").await.says("The bridge is open."));
        assert!(grace.go("/u/ada").await.says("The bridge is open."));
        assert!(
            grace
                .send("/u/ada/follow", &[])
                .await
                .says("You follow them now.")
        );
        assert!(grace.go("/").await.says("The bridge is open."));
        grace.go(&post).await;
        let comments = format!("{post}/comments");
        let page = grace.send(&comments, &[("body", "At last!")]).await;
        assert!(page.says("1 comment"));
        grace.go(&post).await;
        assert!(
            grace
                .send(&format!("{post}/like"), &[])
                .await
                .html
                .contains("liked")
        );

        // Ada changes it, and puts grace out; she may still read it, as every colleague may.
        ada.go(&format!("{post}/edit")).await;
        let page = ada
            .send(
                &format!("{post}/edit"),
                &[("body", "The bridge is closed.")],
            )
            .await;
        assert!(page.says("The bridge is closed."));
        assert!(ada.go("/u/grace").await.says("follows you"));
        ada.go("/settings").await;
        assert!(ada.page.says("grace"));
        let gone = ada
            .send("/settings/followers", &[("answer", "reject")])
            .await;
        assert!(gone.says("they do not follow you"), "{}", gone.text());
        assert!(!grace.go("/").await.says("The bridge is closed."));
        assert!(grace.go("/u/ada").await.says("The bridge is closed."));
        assert_eq!(grace.go("/u/nobody@nowhere.example").await.status, 404);
    }
}
