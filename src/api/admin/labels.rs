//! Classification labels: the list of the house.

use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::admin::Answer;
use crate::api::admin::door::Administrator;
use crate::api::admin::parts::{At, List, Made, Sent};
use crate::app::App;
use crate::domain::{LabelMeaning, LabelName};
use crate::services::labels::{self, Change, Place};
use crate::wire::Label;

/// A label to add to the list.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLabel {
    name: LabelName,
    /// What it means; without it: nothing is said.
    meaning: Option<LabelMeaning>,
    /// The label directly above which it is put; empty: it is the lowest; without it: it is the highest.
    above: Option<String>,
}

/// What is to be different about a label; what is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelChange {
    meaning: Option<LabelMeaning>,
    /// The label directly above which it is put; empty: it is the lowest.
    above: Option<String>,
}

fn place(above: &str) -> Answer<Place> {
    Ok(match above {
        "" => Place::Lowest,
        name => Place::Above(name.parse()?),
    })
}

pub async fn list(app: Data<App>, admin: Administrator) -> Answer<List<Label>> {
    let labels = labels::list(&app, admin.viewer()).await?;
    Ok(labels.all().iter().map(Label::from).collect())
}

pub async fn add(
    app: Data<App>,
    admin: Administrator,
    Sent(new): Sent<NewLabel>,
) -> Answer<Made<Label>> {
    let place = match new.above.as_deref() {
        Some(above) => place(above)?,
        None => Place::Highest,
    };
    let meaning = new.meaning.unwrap_or_default();
    let label = labels::add(&app, admin.viewer(), new.name, meaning, place).await?;
    Ok(Made(Label::from(&label)))
}

pub async fn change(
    app: Data<App>,
    admin: Administrator,
    At(name): At<LabelName>,
    Sent(wish): Sent<LabelChange>,
) -> Answer<Json<Label>> {
    let change = Change {
        meaning: wish.meaning,
        place: wish.above.as_deref().map(place).transpose()?,
    };
    let label = labels::change(&app, admin.viewer(), name, change).await?;
    Ok(Json(Label::from(&label)))
}

pub async fn remove(
    app: Data<App>,
    admin: Administrator,
    At(name): At<LabelName>,
) -> Answer<Json<Label>> {
    let label = labels::remove(&app, admin.viewer(), name).await?;
    Ok(Json(Label::from(&label)))
}
