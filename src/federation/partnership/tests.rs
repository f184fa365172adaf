use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::{HttpResponse, HttpServer, web};
use serde_json::{Value, json};

use super::*;
use crate::app::App;
use crate::crypto;
use crate::domain::SignatureChoice;
use crate::domain::{Host, PartnerClass, PartnerState, Uri};
use crate::error::Error;
use crate::federation::keys::tests::own_keys;
use crate::federation::signatures;
use crate::federation::signatures::Outgoing;
use crate::policy::Viewer;
use crate::services::partners::{self, Change};
use crate::services::test_house::{House, KEYS};

/// A house that answers `/actor` and `/partnership` on loopback.
struct Serving {
    house: House,
    asked: Arc<AtomicUsize>,
    server: actix_web::dev::ServerHandle,
}

impl Serving {
    async fn start(name: &str) -> Self {
        Self::start_with(name, &[]).await
    }

    async fn start_with(name: &str, settings: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let laboratory = [
            ("GUILDHALL_ORGANIZATION__NAME", name),
            ("GUILDHALL_FEDERATION__ALLOW_HTTP", "true"),
            (
                "GUILDHALL_FEDERATION__ALLOW_ADDRESSES",
                "[\"127.0.0.0/8\", \"::1/128\"]",
            ),
        ];
        let origin = format!("http://{name}.localhost:{port}");
        let house = House::open_with(&origin, &[&laboratory, settings].concat()).await;
        let asked = Arc::new(AtomicUsize::new(0));
        let (app, count) = (house.app.clone(), Arc::clone(&asked));
        let server = HttpServer::new(move || {
            let (app, count) = (app.clone(), Arc::clone(&count));
            actix_web::App::new()
                .app_data(web::Data::new(app.clone()))
                .configure(|config| routes().among_others(config))
                .route(
                    "/actor",
                    web::get().to(move || {
                        count.fetch_add(1, Ordering::SeqCst);
                        let document = instance_document(&app);
                        async move {
                            HttpResponse::Ok()
                                .content_type(MEDIA_TYPE)
                                .body(document.to_string())
                        }
                    }),
                )
        })
        .workers(1)
        .disable_signals()
        .listen(listener)
        .unwrap()
        .run();
        let handle = server.handle();
        tokio::spawn(server);
        Self {
            house,
            asked,
            server: handle,
        }
    }

    fn app(&self) -> &App {
        &self.house.app
    }

    fn host(&self) -> Host {
        self.app().config.host().clone()
    }

    async fn invite(&self) -> String {
        let week = Duration::from_secs(7 * 86_400);
        let class = PartnerClass::Supplier;
        let invited = partners::invite(self.app(), Viewer::Operator, class, week).await;
        invited.unwrap().code.to_string()
    }

    async fn accept(&self, code: &str) -> crate::Result<crate::domain::Partner> {
        accept(self.app(), Viewer::Operator, code, PartnerClass::Partner).await
    }

    async fn partner(&self, host: Host) -> crate::Result<crate::domain::Partner> {
        partners::find(self.app(), Viewer::Operator, host).await
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

fn instance_document(app: &App) -> Value {
    let uri = app.addresses().instance();
    json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": uri,
        "type": "Application",
        "preferredUsername": "actor",
        "inbox": app.addresses().shared_inbox(),
        "publicKey": {
            "id": format!("{uri}#main-key"),
            "owner": uri,
            "publicKeyPem": KEYS.1,
        },
    })
}

/// An offer as some server posts it: status and what the giver says.
async fn post_offer(
    to: &Serving,
    from: &Uri,
    secret: &str,
    private_pem: &str,
    body_extra: usize,
) -> (u16, String) {
    let number = crypto::fingerprint(secret);
    let offer = wire::Offer {
        id: format!("{from}#offer-{}", &number[..16]).parse().unwrap(),
        taker: from.clone(),
        giver: to.app().addresses().instance(),
        organization: "x".repeat(body_extra),
        secret: secret.into(),
        terms: crate::domain::Terms::default(),
    };
    let body = offer.render().to_string();
    let url = to.app().addresses().partnership().to_url().unwrap();
    let keys = own_keys(private_pem, &format!("{from}#main-key"), None);
    let now = to.app().clock.now();
    let request = Outgoing::post(&url, body.as_bytes());
    let mut headers = signatures::sign(SignatureChoice::Cavage, &keys, &request, now).unwrap();
    headers.push(("content-type", MEDIA_TYPE.into()));
    let answer = to
        .app()
        .http
        .post(&url, &headers, body, None)
        .await
        .unwrap();
    (answer.status, answer.text)
}

/// The secret inside a code.
async fn secret_of(code: &str, reader: &Serving) -> String {
    let code = partners::read_code(reader.app(), Viewer::Operator, code).await;
    code.unwrap().secret().to_owned()
}

#[actix_web::test]
async fn a_pasted_code_makes_both_sides_partners() {
    let (acme, birch) = (Serving::start("acme").await, Serving::start("birch").await);
    let code = acme.invite().await;

    let partner = birch.accept(&code).await.unwrap();

    assert_eq!(
        (partner.host, partner.organization, partner.class),
        (acme.host(), "acme".into(), PartnerClass::Partner)
    );
    let partner = acme.partner(birch.host()).await.unwrap();
    assert_eq!(
        (&*partner.organization, partner.class, partner.state),
        ("birch", PartnerClass::Supplier, PartnerState::Active)
    );
    assert_eq!(partner.instance, Some(birch.app().addresses().instance()));
    assert!(partner.mutual);

    // Used is used: pasted again it changes nothing.
    let again = birch.accept(&code).await.unwrap_err();
    assert!(again.to_string().contains("partner already"), "{again}");
    // It is spent, also after an end of which acme has not heard yet.
    partners::change(birch.app(), Viewer::Operator, acme.host(), Change::End)
        .await
        .unwrap();
    let ended = birch.accept(&code).await.unwrap_err();
    assert!(ended.to_string().contains("used already"), "{ended}");
    let cedar = Serving::start("cedar").await;
    let used = cedar.accept(&code).await.unwrap_err();
    assert!(used.to_string().contains("used already"), "{used}");
    assert!(matches!(
        cedar.partner(acme.host()).await,
        Err(Error::NotFound)
    ));
}

#[actix_web::test]
async fn an_answer_that_was_lost_is_given_again() {
    let (acme, birch) = (Serving::start("acme").await, Serving::start("birch").await);
    let code = acme.invite().await;
    let (secret, taker) = (
        secret_of(&code, &birch).await,
        birch.app().addresses().instance(),
    );
    let (status, _) = post_offer(&acme, &taker, &secret, &KEYS.0, 0).await;
    assert_eq!(status, 200);

    birch.accept(&code).await.unwrap();

    let partner = acme.partner(birch.host()).await.unwrap();
    assert_eq!(partner.state, PartnerState::Active);
}

#[actix_web::test]
async fn nothing_is_fetched_for_who_has_no_code() {
    let (acme, birch) = (Serving::start("acme").await, Serving::start("birch").await);
    let birch_actor = birch.app().addresses().instance();
    let (status, _) = post_offer(&acme, &birch_actor, "guess", &KEYS.0, 0).await;
    assert_eq!(status, 404);

    let code = acme.invite().await;
    acme.app().clock.advance(Duration::from_secs(8 * 86_400));
    let secret = secret_of(&code, &birch).await;
    let (status, text) = post_offer(&acme, &birch_actor, &secret, &KEYS.0, 0).await;
    assert_eq!(status, 409);
    assert!(text.contains("has expired"), "{text}");
    assert_eq!(birch.asked.load(Ordering::SeqCst), 0);
}

#[actix_web::test]
async fn a_code_without_the_key_of_its_host_is_worth_nothing() {
    let (acme, birch) = (Serving::start("acme").await, Serving::start("birch").await);
    let secret = secret_of(&acme.invite().await, &birch).await;
    let (private, _) = crypto::generate_rsa().unwrap();
    let birch_actor = birch.app().addresses().instance();

    let (status, _) = post_offer(&acme, &birch_actor, &secret, &private, 0).await;

    assert_eq!(status, 401);
    assert!(acme.partner(birch.host()).await.is_err());
    // The code was not used up by it.
    let (status, _) = post_offer(&acme, &birch_actor, &secret, &KEYS.0, 0).await;
    assert_eq!(status, 200);
}

#[actix_web::test]
async fn a_server_that_cannot_be_read_is_told_so() {
    let (acme, birch) = (Serving::start("acme").await, Serving::start("birch").await);
    let secret = secret_of(&acme.invite().await, &birch).await;
    let nowhere = "http://nowhere.localhost:9/actor".parse().unwrap();
    let (status, text) = post_offer(&acme, &nowhere, &secret, &KEYS.0, 0).await;
    assert_eq!(status, 502);
    assert!(text.contains("is it running"), "{text}");

    birch.server.stop(false).await;
    let gone = acme.accept(&birch.invite().await).await.unwrap_err();
    assert!(gone.to_string().contains("the code stays valid"), "{gone}");
}

#[actix_web::test]
async fn who_is_blocked_stays_out_on_either_side() {
    let (acme, birch) = (Serving::start("acme").await, Serving::start("birch").await);
    let code = acme.invite().await;
    let block = |on: &Serving, host: Host| {
        let app = on.app().clone();
        async move { partners::change(&app, Viewer::Operator, host, Change::Block).await }
    };
    block(&acme, birch.host()).await.unwrap();
    let refused = birch.accept(&code).await.unwrap_err();
    assert!(refused.to_string().contains("blocked"), "{refused}");

    let code = birch.invite().await;
    let refused = acme.accept(&code).await.unwrap_err();
    assert!(matches!(refused, Error::Denied(_)), "{refused}");
    assert_eq!(birch.asked.load(Ordering::SeqCst), 0);
}

#[actix_web::test]
async fn few_are_let_in_and_only_small_ones() {
    let few = [("GUILDHALL_LIMITS__HANDSHAKES_PER_MINUTE", "2")];
    let acme = Serving::start_with("acme", &few).await;
    let stranger: Uri = "http://e.localhost:9/actor".parse().unwrap();
    let (status, _) = post_offer(&acme, &stranger, "guess", &KEYS.0, 20_000).await;
    assert_eq!(status, 413);
    let (status, _) = post_offer(&acme, &stranger, "guess", &KEYS.0, 0).await;
    assert_eq!(status, 404);
    let (status, _) = post_offer(&acme, &stranger, "guess", &KEYS.0, 0).await;
    assert_eq!(status, 429);
}
