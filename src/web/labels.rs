//! The labels of the house, for administrators.

use serde::Deserialize;

use crate::auth::Form;
use crate::domain::{Label, LabelName};
use crate::error::{Error, Result};
use crate::services::labels::{self, Change, Place};
use crate::services::partners;
use crate::web::errors::{self, Answer, Told};
use crate::web::views::{Choice, LabelRow, LabelsPage};
use crate::web::visit::{Member, Notice};
use crate::web::{answer, done};

/// Where the page is.
const HERE: &str = "/admin/labels";

/// A label as it is typed.
#[derive(Debug, Default, Deserialize)]
pub struct Wish {
    #[serde(default)]
    name: String,
    #[serde(default)]
    meaning: String,
    /// The label below it; empty: it is the lowest.
    #[serde(default)]
    above: String,
}

#[derive(Deserialize)]
pub struct Gone {
    name: String,
}

/// `GET /admin/labels`
pub async fn show(member: Member) -> Answer {
    page(&member, None, None).await
}

/// `POST /admin/labels/add`
pub async fn add(member: Member, Form(wish): Form<Wish>) -> Answer {
    let outcome = make(&member, &wish).await;
    end(&member, outcome, Some(wish)).await
}

async fn make(member: &Member, wish: &Wish) -> Result<()> {
    let (name, meaning) = (wish.name.parse()?, wish.meaning.parse()?);
    let place = place(&wish.above)?;
    labels::add(&member.app, member.viewer(), name, meaning, place).await?;
    Ok(())
}

/// `POST /admin/labels/change`
pub async fn change(member: Member, Form(wish): Form<Wish>) -> Answer {
    let outcome = alter(&member, &wish).await;
    end(&member, outcome, None).await
}

async fn alter(member: &Member, wish: &Wish) -> Result<()> {
    let name: LabelName = wish.name.parse()?;
    let list = labels::list(&member.app, member.viewer()).await?;
    let at = list.position(&name).ok_or(Error::NotFound)?;
    let below = at.checked_sub(1).map(|below| &list.all()[below].name);
    let moved = below.map_or("", LabelName::as_str) != wish.above;
    let change = Change {
        meaning: Some(wish.meaning.parse()?),
        place: match moved {
            true => Some(place(&wish.above)?),
            false => None,
        },
    };
    labels::change(&member.app, member.viewer(), name, change).await?;
    Ok(())
}

/// `POST /admin/labels/remove`
pub async fn remove(member: Member, Form(gone): Form<Gone>) -> Answer {
    let outcome = match gone.name.parse() {
        Ok(name) => labels::remove(&member.app, member.viewer(), name).await,
        Err(problem) => Err(Error::from(problem)),
    };
    end(&member, outcome.map(drop), None).await
}

fn place(above: &str) -> Result<Place> {
    match above {
        "" => Ok(Place::Lowest),
        name => Ok(Place::Above(name.parse()?)),
    }
}

async fn end(member: &Member, outcome: Result<()>, typed: Option<Wish>) -> Answer {
    match outcome {
        Ok(()) => Ok(done(HERE, Notice::Saved)),
        Err(error) => {
            let told = errors::tell(error)?;
            page(member, typed, Some(told)).await
        }
    }
}

async fn page(member: &Member, typed: Option<Wish>, told: Option<Told>) -> Answer {
    // To anybody else there is no such page.
    partners::list(&member.app, member.viewer()).await?;
    let list = labels::list(&member.app, member.viewer()).await?;
    let all = list.all();
    let typed = typed.unwrap_or_else(|| Wish {
        above: all.last().map_or("", |last| last.name.as_str()).to_owned(),
        ..Wish::default()
    });
    let page = LabelsPage {
        page: member.page_told("Labels", told.as_ref()).await?,
        labels: (0..all.len()).map(|at| row(all, at)).collect(),
        places: places(all, None, &typed.above),
        name: typed.name,
        meaning: typed.meaning,
    };
    answer(&page, told.as_ref())
}

fn row(all: &[Label], at: usize) -> LabelRow {
    let label = &all[at];
    let below = at.checked_sub(1).map(|below| all[below].name.as_str());
    LabelRow {
        name: label.name.to_string(),
        meaning: label.meaning.as_str().to_owned(),
        places: places(all, Some(&label.name), below.unwrap_or_default()),
    }
}

/// Where a label (none: a new one) may be put.
fn places(all: &[Label], of: Option<&LabelName>, chosen: &str) -> Vec<Choice> {
    let lowest = Choice {
        value: String::new(),
        label: "Below all others".to_owned(),
        hint: None,
        chosen: chosen.is_empty(),
    };
    let others = all.iter().filter(|label| Some(&label.name) != of);
    let above = others.map(|label| Choice {
        value: label.name.to_string(),
        label: format!("Directly above {}", label.name),
        hint: None,
        chosen: label.name.as_str() == chosen,
    });
    std::iter::once(lowest).chain(above).collect()
}
