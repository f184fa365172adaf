//! Pictures and files, counted.

use actix_web::web::{Data, Json};

use crate::api::admin::Answer;
use crate::api::admin::door::Administrator;
use crate::app::App;
use crate::services::attachments;
use crate::wire::MediaUsage;

pub async fn usage(app: Data<App>, admin: Administrator) -> Answer<Json<MediaUsage>> {
    let usage = attachments::usage(&app, admin.viewer()).await?;
    Ok(Json(usage.into()))
}
