//! What a client asks first: whose server this is and what it takes. Said to anybody, so it counts
//! nobody: how many people work here is not for everybody to know.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::{Value, json};

use crate::api::mastodon::Answer;
use crate::app::App;
use crate::domain::ALT_TEXT_CHARS_MAX;
use crate::domain::{POLL_LASTS_MAX, POLL_LASTS_MIN, POLL_OPTION_CHARS_MAX, POLL_OPTIONS_MAX};
use crate::services::house;

/// The version of Mastodon whose addresses these are; clients decide by it what to ask for.
const COMPATIBLE_WITH: &str = "4.2.0";
/// Longest text promised, characters: any characters of that number fit into a body's bytes.
const CHARACTERS_MAX: usize = crate::domain::BODY_BYTES_MAX / 4;

fn version() -> String {
    let ours = env!("CARGO_PKG_VERSION");
    format!("{COMPATIBLE_WITH} (compatible; Guildhall {ours})")
}

/// Named one by one, because clients offer what is named here.
const PICTURES: &[&str] = &["image/png", "image/jpeg", "image/webp", "image/gif"];

fn configuration(app: &App) -> Value {
    let limits = &app.config.limits;
    json!({
        "accounts": { "max_featured_tags": 0, "max_pinned_statuses": 0 },
        "statuses": {
            "max_characters": CHARACTERS_MAX,
            "max_media_attachments": limits.attachments_per_post,
            "characters_reserved_per_url": 23,
        },
        "media_attachments": {
            "supported_mime_types": PICTURES,
            "description_limit": ALT_TEXT_CHARS_MAX,
            "image_size_limit": limits.image_bytes,
            "image_matrix_limit": limits.image_pixels,
            "video_size_limit": 0,
            "video_frame_rate_limit": 0,
            "video_matrix_limit": 0,
        },
        "polls": {
            "max_options": POLL_OPTIONS_MAX,
            "max_characters_per_option": POLL_OPTION_CHARS_MAX,
            "min_expiration": POLL_LASTS_MIN.as_secs(),
            "max_expiration": POLL_LASTS_MAX.as_secs(),
        },
        "translation": { "enabled": false },
    })
}

pub async fn v1(app: Data<App>) -> Answer {
    Ok(HttpResponse::Ok().json(json!({
        "uri": app.config.host(),
        "title": house::organization(&app).await?,
        "short_description": "",
        "description": "",
        "email": "",
        "version": version(),
        "urls": {},
        "stats": { "user_count": 0, "status_count": 0, "domain_count": 0 },
        "thumbnail": null,
        "languages": ["en"],
        "registrations": false,
        "approval_required": false,
        "invites_enabled": false,
        "configuration": configuration(&app),
        "contact_account": null,
        "rules": [],
    })))
}

pub async fn v2(app: Data<App>) -> Answer {
    let mut configuration = configuration(&app);
    configuration["urls"] = json!({});
    let picture = app.addresses().origin().join("assets/favicon.svg");
    Ok(HttpResponse::Ok().json(json!({
        "domain": app.config.host(),
        "title": house::organization(&app).await?,
        "version": version(),
        "source_url": env!("CARGO_PKG_REPOSITORY"),
        "description": "",
        "usage": { "users": { "active_month": 0 } },
        "thumbnail": { "url": picture },
        "languages": ["en"],
        "configuration": configuration,
        "registrations": { "enabled": false, "approval_required": false, "message": null, "url": null },
        "contact": { "email": "", "account": null },
        "rules": [],
    })))
}
