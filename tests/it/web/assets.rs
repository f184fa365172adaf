//! Files that pages need.

use super::House;
use crate::support::person::Person;
use crate::support::process::Instance;

#[tokio::test]
async fn files_are_kept_by_browsers_as_long_as_they_stay_the_same() {
    let house = House::found(Instance::new("acme"), "Acme").await;
    let mut nobody = Person::at(&house.instance);
    let page = nobody.go("/sign-in").await.html.clone();
    let address = page.split("href=\"/assets/style.css").nth(1).unwrap();
    let address = format!("/assets/style.css{}", address.split('"').next().unwrap());
    let style = nobody.get_raw(&address, &[]).await;
    assert_eq!(style.headers["content-type"], "text/css; charset=utf-8");
    assert_eq!(
        style.headers["cache-control"],
        "public, max-age=31536000, immutable"
    );
    let tag = style.headers["etag"].clone();
    let again = nobody
        .get_raw("/assets/style.css", &[("if-none-match", &tag)])
        .await;
    assert_eq!((again.status, again.html.as_str()), (304, ""));
    assert_eq!(again.headers["cache-control"], "public, no-cache");
}
