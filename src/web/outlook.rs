//! What becomes visible to whom, before a group is opened further: nobody confirms what they have not seen.

use actix_web::web::{Path, Query};

use crate::domain::{Host, Page, Stage};
use crate::error::{Error, Result};
use crate::policy::Action;
use crate::services::groups::GroupView;
use crate::services::probes;
use crate::services::what_if::{self, Change, Different, Fresh, Outlook, TOPICS_SHOWN};
use crate::web::errors::Answer;
use crate::web::grants::{Fields, Wish, handle_of};
use crate::web::groups::locate;
use crate::web::views::{DifferentRow, FreshTopic, OutlookPage, Pager, Risk};
use crate::web::visit::Member;
use crate::web::{answer, parts, see_other};

/// `GET /g/{handle}/outlook?stage=STAGE`, or with the fields of a grant.
pub async fn show(member: Member, handle: Path<String>, fields: Query<Fields>) -> Answer {
    let view = locate(&member, &handle).await?;
    let fields = fields.into_inner();
    if fields.is_empty() {
        // Nothing is asked: that is done there.
        return Ok(see_other(&format!(
            "{}/settings",
            parts::group_url(&view.group)
        )));
    }
    let asked = Asked::read(fields)?;
    let outlook = what_if::look(
        &member.app,
        member.viewer(),
        handle_of(&view),
        asked.change.clone(),
        asked.page,
    );
    let outlook = outlook.await?;
    let page = page(&member, &view, asked, &outlook).await?;
    answer(&page, None)
}

/// The same address for who filled in a form.
pub fn address(view: &GroupView, fields: &[(String, String)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    format!("{}/outlook?{query}", parts::group_url(&view.group))
}

/// What is looked at.
struct Asked {
    change: Change,
    page: Page,
    /// What the form sends that does it.
    fields: Vec<(String, String)>,
    sentence: String,
    action: &'static str,
}

impl Asked {
    fn read(fields: Fields) -> Result<Self> {
        let (paging, fields): (Vec<_>, Vec<_>) =
            fields.into_iter().partition(|(name, _)| name == "before");
        let before = paging.first().and_then(|(_, before)| before.parse().ok());
        let page = Page::first(TOPICS_SHOWN).before(before);
        let stage = fields.iter().find(|(name, _)| name == "stage");
        if let Some((_, stage)) = stage {
            let stage: Stage = stage.parse()?;
            return Ok(Self {
                change: Change::Stage(stage),
                page,
                sentence: format!("Stage: {stage}"),
                action: "stage",
                fields,
            });
        }
        let wish = Wish::read(&fields);
        let host: Host = wish.host()?;
        Ok(Self {
            sentence: format!("A grant for {host}"),
            change: Change::Grant(host, wish.request()?),
            page,
            action: "grants",
            fields,
        })
    }
}

async fn page(
    member: &Member,
    view: &GroupView,
    asked: Asked,
    outlook: &Outlook,
) -> Result<OutlookPage, Error> {
    let group = parts::group_link(&view.group, None);
    let last = outlook.shown.last().map(|post| post.id);
    let more = outlook.shown.len() == TOPICS_SHOWN as usize;
    let older = last.filter(|_| more).map(|last| {
        let mut fields = asked.fields.clone();
        fields.push(("before".to_owned(), last.to_string()));
        address(view, &fields)
    });
    let risk = match &asked.change {
        Change::Grant(host, _) => probes::find_grade(&member.app, host.clone()).await?,
        Change::Stage(_) => None,
    };
    let risk = risk.map(|(grade, at)| Risk {
        grade: grade.to_string(),
        meaning: grade.meaning(),
        at: parts::when(at, member.now()),
    });
    Ok(OutlookPage {
        page: member.page("What becomes visible").await?,
        action: format!("{}/{}", group.url, asked.action),
        group,
        sentence: asked.sentence,
        risk,
        people: outlook.people.iter().map(row).collect(),
        topics: outlook.topics,
        names: outlook.names,
        shown: outlook
            .shown
            .iter()
            .map(|post| topic(member, post))
            .collect(),
        pager: Pager { newer: None, older },
        fields: asked.fields,
        seen: outlook.digest.clone(),
    })
}

fn topic(member: &Member, fresh: &Fresh) -> FreshTopic {
    FreshTopic {
        url: format!("/p/{}", fresh.id),
        title: fresh.title.clone(),
        created: parts::when(fresh.created_at, member.now()),
    }
}

fn row(one: &Different) -> DifferentRow {
    DifferentRow {
        who: one.who.clone(),
        gains: words(&one.gains()),
        loses: words(&one.loses()),
        topics_before: one.before.topics,
        topics: one.after.topics,
        files_before: one.before.files,
        files: one.after.files,
    }
}

/// "read, reply"
fn words(actions: &[Action]) -> String {
    let words: Vec<String> = actions
        .iter()
        .map(|action| action.as_str().replace('_', " "))
        .collect();
    words.join(", ")
}
