//! Polls on pages: made, voted in and read without scripts.

use super::House;

#[tokio::test]
async fn a_poll_is_made_and_voted_in_without_scripts() {
    for house in House::all().await {
        let mut ada = house.owner("ada", "engineering", "open").await;
        assert!(ada.page.says("Make it a poll"));
        let typed = [
            ("title", "Which timber?"),
            ("poll_options", "Larch\r\n\r\nOak <3\r\nOak <3"),
            ("poll_lasts", "86400"),
        ];
        let page = ada.send("/g/engineering/topics", &typed).await;
        assert_eq!(page.status, 422);
        assert!(page.says("the same option twice"), "{}", page.text());
        assert!(page.html.contains("Oak &#60;3</textarea>"));
        assert!(page.html.contains("value=\"86400\" selected"));
        let typed = [
            ("title", "Which timber?"),
            ("poll_options", "Larch\nOak <3"),
        ];
        ada.send("/g/engineering/topics", &typed).await;
        let poll = ada.page.path.clone();
        assert!(ada.page.says("Choose one") && ada.page.says("0 people voted"));
        assert!(ada.page.says("open until"));

        let mut grace = house.person("grace").await;
        let vote = format!("{poll}/vote");
        grace.go(&poll).await;
        grace.send(&vote, &[("choice", "1")]).await;
        assert!(grace.page.says("your vote") && grace.page.says("1 person voted"));
        assert!(grace.page.says("100 %") && !grace.page.html.contains("name=\"choice\""));

        // Who has not voted finds the numbers folded away; nobody finds names.
        ada.go(&poll).await;
        assert!(ada.page.says("How the votes stand") && !ada.page.html.contains("grace"));
        assert_eq!(ada.send(&vote, &[]).await.status, 422);
        ada.send(&vote, &[("choice", "0")]).await;
        assert!(ada.page.says("50 %") && ada.page.says("2 people voted"));

        // A vote stands, also when a stale page is sent.
        let csrf = grace.csrf();
        let again = [("csrf", csrf.as_str()), ("choice", "0")];
        let again = grace.post_raw(&vote, &again, &[]).await;
        assert_eq!(again.status, 403);
        assert!(again.says("A vote stands."));

        // Several options, and a result that is shown at the end.
        ada.go("/g/engineering").await;
        let typed = [
            ("title", "Which tools?"),
            ("poll_options", "Saw\nPlane\nAxe"),
            ("poll_multiple", "yes"),
            ("poll_hides_totals", "yes"),
            ("poll_lasts", ""),
        ];
        ada.send("/g/engineering/topics", &typed).await;
        assert!(ada.page.says("Choose one or several") && !ada.page.says("open until"));
        let vote = format!("{}/vote", ada.page.path);
        ada.send(&vote, &[("choice", "0"), ("choice", "2")]).await;
        assert!(
            ada.page
                .says("1 person voted; the result is shown at the end")
        );
        assert!(!ada.page.says("%"));
    }
}
