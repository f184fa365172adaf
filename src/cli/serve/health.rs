//! For those who watch over the server: is it alive, and can it work?

use actix_web::HttpResponse;
use actix_web::web::Data;

use crate::app::App;
use crate::routes::{Routes, at};
use crate::services::house;

pub(super) fn routes() -> Routes {
    Routes::default()
        .service(at("/healthz").get(alive))
        .service(at("/readyz").get(ready))
}

/// The process answers; nothing more is promised.
async fn alive() -> HttpResponse {
    HttpResponse::Ok().body("ok\n")
}

/// The database answers and has the schema of this program.
async fn ready(app: Data<App>) -> HttpResponse {
    match house::is_ready(&app).await {
        Ok(true) => HttpResponse::Ok().body("ready\n"),
        Ok(false) => HttpResponse::ServiceUnavailable().body("migrations are missing\n"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            HttpResponse::ServiceUnavailable().body("the database does not answer\n")
        }
    }
}
