//! Who is asking: cookies, forms, tokens and attempts, through a small server of a few pages.

use std::net::SocketAddr;

use actix_web::cookie::Cookie;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{AUTHORIZATION, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::middleware::from_fn;
use actix_web::test::{self, TestRequest};
use actix_web::web::{Data, ServiceConfig, get, post};
use actix_web::{HttpRequest, HttpResponse};
use guildhall::app::App;
use guildhall::auth::{
    self, Attempts, Bearer, Csrf, Form, MaybeSignedIn, Refused, SignedIn, refuse_foreign_pages,
};
use guildhall::domain::OrgRole;
use guildhall::policy::Viewer;
use guildhall::services::accounts::{self, Use};
use guildhall::services::{sessions, tokens};
use serde::Deserialize;

use crate::support::house::{House, PASSWORD, houses};

const ATTEMPTS_MAX: u32 = 5;
const PEER: &str = "192.0.2.7:40000";

/// A browser, or a client: what it sends along, and a house it talks to.
struct Caller<'a> {
    house: &'a House,
    attempts: Data<Attempts>,
}

impl<'a> Caller<'a> {
    fn of(house: &'a House) -> Self {
        Self {
            house,
            attempts: Data::new(Attempts::new(ATTEMPTS_MAX)),
        }
    }

    async fn send(&self, request: TestRequest) -> ServiceResponse {
        let app = actix_web::App::new()
            .app_data(Data::new(self.house.app.clone()))
            .app_data(self.attempts.clone())
            .configure(pages)
            .wrap(from_fn(refuse_foreign_pages));
        let peer: SocketAddr = PEER.parse().unwrap();
        let request = request.peer_addr(peer).to_request();
        test::call_service(&test::init_service(app).await, request)
            .await
            .map_into_boxed_body()
    }

    async fn text(&self, request: TestRequest) -> String {
        let body = test::read_body(self.send(request).await).await;
        String::from_utf8(body.to_vec()).unwrap()
    }
}

fn pages(config: &mut ServiceConfig) {
    config
        .route("/who", get().to(who))
        .route("/form", get().to(show_form))
        .route("/form", post().to(take_form))
        .route("/private", get().to(private))
        .route("/sign-in", post().to(sign_in))
        .route("/write", post().to(write));
}

async fn who(browser: MaybeSignedIn, viewer: Viewer) -> String {
    assert_eq!(browser.viewer(), viewer);
    browser.0.map_or_else(
        || "nobody".to_owned(),
        |signed_in| signed_in.account.actor.name,
    )
}

async fn private(signed_in: SignedIn) -> String {
    signed_in.account.actor.name
}

async fn show_form(csrf: Csrf) -> HttpResponse {
    let mut page = HttpResponse::Ok();
    if let Some(cookie) = csrf.cookie() {
        page.cookie(cookie);
    }
    page.body(csrf.token().to_owned())
}

#[derive(Deserialize)]
struct Fields {
    title: String,
}

async fn take_form(form: Form<Fields>) -> String {
    form.0.title
}

#[derive(Deserialize)]
struct Credentials {
    username: String,
    password: String,
}

async fn sign_in(
    request: HttpRequest,
    app: Data<App>,
    form: Form<Credentials>,
) -> Result<HttpResponse, Refused> {
    let Form(form) = form;
    Ok(
        match auth::sign_in(&request, &form.username, form.password).await? {
            Some(opened) => HttpResponse::Ok()
                .cookie(auth::session_cookie(&app.config, &opened.secret))
                .finish(),
            None => HttpResponse::Unauthorized().finish(),
        },
    )
}

async fn write(bearer: Bearer) -> Result<String, Refused> {
    bearer.require("write:statuses")?;
    Ok(bearer.account.actor.name)
}

fn session(secret: &str) -> Cookie<'_> {
    Cookie::new("guildhall_session", secret)
}

#[actix_web::test]
async fn a_cookie_is_somebody_until_the_account_is_shut_out() {
    for house in houses().await {
        let caller = Caller::of(&house);
        let bo = house.member("bo", OrgRole::Member).await;
        let opened = sessions::open(&house.app, bo.clone(), "").await.unwrap();
        let who = || TestRequest::get().uri("/who");

        assert_eq!(caller.text(who()).await, "nobody");
        let forged = who().cookie(session("0123456789012345678901234567890123456789012"));
        assert_eq!(caller.text(forged).await, "nobody");
        assert_eq!(
            caller.text(who().cookie(session(&opened.secret))).await,
            "bo"
        );

        let shut = accounts::set_use(&house.app, Viewer::Operator, bo.actor.id, Use::Disabled);
        shut.await.unwrap();
        assert_eq!(
            caller.text(who().cookie(session(&opened.secret))).await,
            "nobody"
        );
    }
}

#[actix_web::test]
async fn strangers_are_sent_to_the_sign_in_page_and_back() {
    let houses = houses().await;
    let answer = TestRequest::get().uri("/private?page=2&a=b");
    let answer = Caller::of(&houses[0]).send(answer).await;
    assert_eq!(answer.status(), 303);
    let to = answer.headers().get(LOCATION).unwrap();
    assert_eq!(to, "/sign-in?next=%2Fprivate%3Fpage%3D2%26a%3Db");
}

#[actix_web::test]
async fn one_signs_in_through_a_page_of_ours() {
    for house in houses().await {
        let caller = Caller::of(&house);
        let page = caller.send(TestRequest::get().uri("/form")).await;
        let visit = page.response().cookies().next().unwrap().into_owned();
        let token = test::read_body(page).await;
        let token = std::str::from_utf8(&token).unwrap();
        let form = [("csrf", token), ("username", "ada"), ("password", PASSWORD)];
        let request = || TestRequest::post().uri("/sign-in").set_form(form);

        let without_visit = caller.send(request()).await;
        assert_eq!(without_visit.status(), 403);
        let answer = caller.send(request().cookie(visit)).await;

        let cookie = answer.response().cookies().next().unwrap().into_owned();
        assert_eq!(cookie.name(), "guildhall_session");
        assert_eq!(cookie.http_only(), Some(true));
        assert_eq!(cookie.path(), Some("/"));
        // Plain http in this laboratory.
        assert_ne!(cookie.secure(), Some(true));
        let private = TestRequest::get().uri("/private").cookie(cookie);
        assert_eq!(caller.text(private).await, "ada");
    }
}

#[actix_web::test]
async fn a68_other_sites_cannot_send_our_forms() {
    let houses = houses().await;
    let caller = Caller::of(&houses[0]);
    let admin = houses[0].admin.clone();
    let opened = sessions::open(&houses[0].app, admin, "").await.unwrap();
    let token = TestRequest::get()
        .uri("/form")
        .cookie(session(&opened.secret));
    let token = caller.text(token).await;
    let post = || {
        TestRequest::post()
            .uri("/form")
            .cookie(session(&opened.secret))
    };
    let form = [("csrf", token.as_str()), ("title", "Bridge opens")];

    let own = caller.send(post().set_form(form)).await;
    assert_eq!(own.status(), 200);
    for (header, value) in [
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
        ("Sec-Fetch-Site", "cross-site"),
    ] {
        let foreign = post().set_form(form).insert_header((header, value));
        assert_eq!(
            caller.send(foreign).await.status(),
            403,
            "{header}: {value}"
        );
    }
    let guessed = post().set_form([("csrf", "guess"), ("title", "Bridge opens")]);
    assert_eq!(caller.send(guessed).await.status(), 403);
    let json = format!(r#"{{"csrf":"{token}","title":"Bridge opens"}}"#);
    let text = post()
        .insert_header(("Content-Type", "text/plain"))
        .set_payload(json);
    assert_eq!(caller.send(text).await.status(), 403);
}

#[actix_web::test]
async fn a66_a_token_is_for_its_scopes_only() {
    for house in houses().await {
        let caller = Caller::of(&house);
        let owner = house.admin.actor.id;
        let token = async |scopes: &str| {
            let scopes = scopes.parse().unwrap();
            let made = tokens::create(&house.app, Viewer::Operator, owner, "test", scopes).await;
            made.unwrap().secret
        };
        let write = |token: &str| {
            let header = (AUTHORIZATION, format!("Bearer {token}"));
            TestRequest::post().uri("/write").insert_header(header)
        };

        assert_eq!(caller.text(write(&token("write").await)).await, "ada");
        assert_eq!(
            caller.text(write(&token("write:statuses").await)).await,
            "ada"
        );
        let reader = caller.send(write(&token("read push").await)).await;
        assert_eq!(reader.status(), 403);
        let unknown = caller.send(write("unknown")).await;
        assert_eq!(unknown.status(), 401);
        assert_eq!(unknown.headers().get(WWW_AUTHENTICATE).unwrap(), "Bearer");
        let none = caller.send(TestRequest::post().uri("/write")).await;
        assert_eq!(none.status(), 401);
    }
}

#[actix_web::test]
async fn behind_a_proxy_guessing_by_one_keeps_nobody_else_out() {
    let mut houses = houses().await;
    let house = &mut houses[0];
    let mut config = house.app.config.clone();
    config.trusted_proxies = vec!["192.0.2.7/32".parse().unwrap()];
    house.app = App::open(config).unwrap();
    let caller = Caller {
        house,
        attempts: Data::new(Attempts::new(1)),
    };
    let page = caller.send(TestRequest::get().uri("/form")).await;
    let visit = page.response().cookies().next().unwrap().into_owned();
    let token = test::read_body(page).await;
    let token = std::str::from_utf8(&token).unwrap();
    let attempt = async |from: &str, login: &str, password: &str| {
        let form = [("csrf", token), ("username", login), ("password", password)];
        let request = TestRequest::post()
            .uri("/sign-in")
            .insert_header(("X-Forwarded-For", from))
            .cookie(visit.clone())
            .set_form(form);
        caller.send(request).await.status()
    };

    // One guesses at many accounts, and says to be another each time: the proxy knows better.
    for number in 0..10 {
        let (from, login) = (
            format!("198.51.100.{number}, 203.0.113.9"),
            format!("user{number}"),
        );
        assert_eq!(attempt(&from, &login, "wrong horse battery").await, 401);
    }
    assert_eq!(attempt("203.0.113.9", "ada", PASSWORD).await, 429);

    assert_eq!(attempt("203.0.113.10", "ada", PASSWORD).await, 200);
}

#[actix_web::test]
async fn a70_guessing_passwords_ends_soon_whatever_the_headers_say() {
    let houses = houses().await;
    let caller = Caller::of(&houses[0]);
    let page = caller.send(TestRequest::get().uri("/form")).await;
    let visit = page.response().cookies().next().unwrap().into_owned();
    let token = test::read_body(page).await;
    let token = std::str::from_utf8(&token).unwrap();
    let attempt = async |number: u32, password: &str| {
        let form = [("csrf", token), ("username", "ada"), ("password", password)];
        let address = format!("203.0.113.{}", number % 256);
        let request = TestRequest::post()
            .uri("/sign-in")
            .insert_header(("X-Forwarded-For", address.clone()))
            .insert_header(("Forwarded", format!("for={address}")))
            .cookie(visit.clone())
            .set_form(form);
        caller.send(request).await
    };

    for number in 0..ATTEMPTS_MAX {
        assert_eq!(attempt(number, "wrong horse battery").await.status(), 401);
    }
    for number in ATTEMPTS_MAX..500 {
        assert_eq!(attempt(number, PASSWORD).await.status(), 429);
    }
    let refused = attempt(0, PASSWORD).await;
    assert!(refused.headers().contains_key(RETRY_AFTER));
    houses[0]
        .app
        .clock
        .advance(std::time::Duration::from_secs(900));
    assert_eq!(attempt(0, PASSWORD).await.status(), 200);
}
