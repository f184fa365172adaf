//! Templates of grants: those of every house, and its own.

use crate::app::App;
use crate::domain::{
    AuditAction, Capabilities, GrantEnd, GrantTemplate, History, JoinMode, Name, TEMPLATE_DAYS_MAX,
    TEMPLATE_TITLE_CHARS_MAX, Timestamp,
};
use crate::error::{Error, Result};
use crate::policy::{Viewer, act};
use crate::services::grants::GrantRequest;
use crate::services::{access, audit};
use crate::storage;

/// A grant as somebody wants it: by a template, and otherwise as they say.
#[derive(Clone, Debug, Default)]
pub struct GrantWish {
    pub template: Option<Name>,
    pub capabilities: Option<Capabilities>,
    pub join: Option<JoinMode>,
    pub from: Option<Timestamp>,
    pub until: Option<GrantEnd>,
    pub history: Option<History>,
    pub apart: Option<bool>,
}

/// Those of every house and then its own, for colleagues: whoever may open a group uses them.
pub async fn list(app: &App, viewer: Viewer) -> Result<Vec<GrantTemplate>> {
    if !viewer.is_colleague() {
        access::permit_house::<act::ManagePartners>(&app.asker(viewer))?;
    }
    let own = app.db.read("list_templates", storage::templates::list);
    let mut all = GrantTemplate::built_in();
    all.extend(own.await?);
    Ok(all)
}

/// # Errors
/// [`Error::Invalid`] when there is none of that name.
pub async fn find(app: &App, viewer: Viewer, name: &Name) -> Result<GrantTemplate> {
    let all = list(app, viewer).await?;
    let names: Vec<String> = all.iter().map(|one| one.name.to_string()).collect();
    let found = all.into_iter().find(|one| one.name == *name);
    found.ok_or_else(|| {
        let there = names.join(", ");
        Error::invalid("template", format!("{name} is not one of {there}"))
    })
}

/// Makes a request of a wish: what it leaves open is as the template says, where one is named.
///
/// # Errors
/// [`Error::Invalid`] without capabilities, and for a template that there is not.
pub async fn fill_in(app: &App, viewer: Viewer, wish: GrantWish) -> Result<GrantRequest> {
    let template = match &wish.template {
        Some(name) => Some(find(app, viewer, name).await?),
        None => None,
    };
    let begins = wish.from.unwrap_or_else(|| app.clock.now());
    let can = wish
        .capabilities
        .or(template.as_ref().map(|template| template.capabilities));
    Ok(GrantRequest {
        capabilities: can,
        join: wish
            .join
            .or(template.as_ref().and_then(|template| template.join)),
        from: wish.from,
        until: wish.until.or(template
            .as_ref()
            .map(|template| template.ends(begins).map_or(GrantEnd::Never, GrantEnd::At))),
        history: wish
            .history
            .or(template.as_ref().map(|template| template.history)),
        apart: wish.apart.or(template.map(|template| template.apart)),
    })
}

/// Makes a template of the house, or writes it anew. Grants that were given by it stay as they are.
///
/// # Errors
/// [`Error::Conflict`] for the name of one that is in every house, [`Error::Invalid`] for what makes no sense.
pub async fn save(app: &App, viewer: Viewer, template: GrantTemplate) -> Result<GrantTemplate> {
    let asker = app.asker(viewer);
    let permit = access::permit_house::<act::ManagePartners>(&asker)?;
    let template = checked(template)?;
    app.db
        .write("save_template", move |connection| {
            storage::templates::save(connection, &permit, &template)?;
            let (action, name) = (AuditAction::TemplateSaved, template.name.as_str());
            let detail = format!("{}: {}", template.title, template.capabilities);
            audit::note(connection, &asker, action, name, &detail)?;
            Ok(template)
        })
        .await
}

/// # Errors
/// [`Error::NotFound`] when the house has none of that name, [`Error::Conflict`] for one of every house.
pub async fn remove(app: &App, viewer: Viewer, name: Name) -> Result<()> {
    let asker = app.asker(viewer);
    let permit = access::permit_house::<act::ManagePartners>(&asker)?;
    refuse_built_in(&name)?;
    app.db
        .write("remove_template", move |connection| {
            if storage::templates::remove(connection, &permit, &name)? == 0 {
                return Err(Error::NotFound);
            }
            let action = AuditAction::TemplateRemoved;
            audit::note(connection, &asker, action, name.as_str(), "")
        })
        .await
}

fn checked(template: GrantTemplate) -> Result<GrantTemplate> {
    refuse_built_in(&template.name)?;
    let title = template.title.trim().to_owned();
    if title.is_empty() || title.chars().count() > TEMPLATE_TITLE_CHARS_MAX {
        let problem = format!("must have 1 to {TEMPLATE_TITLE_CHARS_MAX} characters");
        return Err(Error::invalid("title", problem));
    }
    if template.capabilities == Capabilities::NONE {
        return Err(Error::invalid("can", "is empty: say what partners may do"));
    }
    if !template
        .days
        .is_none_or(|days| (1..=TEMPLATE_DAYS_MAX).contains(&days))
    {
        let problem = format!("must be 1 to {TEMPLATE_DAYS_MAX}");
        return Err(Error::invalid("days", problem));
    }
    Ok(GrantTemplate {
        title,
        built_in: false,
        ..template
    })
}

fn refuse_built_in(name: &Name) -> Result<()> {
    match GrantTemplate::built_in()
        .iter()
        .any(|one| one.name == *name)
    {
        true => Err(Error::Conflict(format!(
            "{name} is in every house and stays as it is; choose another name"
        ))),
        false => Ok(()),
    }
}
