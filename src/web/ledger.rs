//! What left the house, to whom: for administrators and compliance officers, and of a group for its owners.

use std::time::Duration;

use actix_web::web::Query;
use serde::Deserialize;
use url::form_urlencoded;

use crate::auth::Form;
use crate::domain::{Disclosed, JobState, LedgerLine, LedgerWay, Timestamp, Uri, parse_end};
use crate::error::{Error, Result};
use crate::services::books::{self, Comparison, Direction};
use crate::services::jobs;
use crate::services::ledger::{self, Question};
use crate::web::errors::{self, Answer};
use crate::web::paging::Listing;
use crate::web::views::{
    Choice, ComparedRow, DifferenceRow, DisclosedGroup, DisclosedRow, LedgerPage, LedgerRow, Page,
    Pager,
};
use crate::web::visit::Member;
use crate::web::{answer, parts, see_other};

const PATH: &str = "/admin/ledger";
/// How long a page waits for the worker that speaks with the other server.
const PATIENCE: Duration = Duration::from_secs(15);
/// How far back the page looks when nobody says.
const USUAL_SPAN: Duration = Duration::from_secs(31 * 86_400);

/// What the form on the page is filled in with. Nothing in a field is no wish.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    host: String,
    group: String,
    from: String,
    to: String,
    way: String,
}

/// `GET /admin/ledger`
pub async fn show(member: Member, asked: Query<Asked>, listing: Query<Listing>) -> Answer {
    let mut asked = asked.into_inner();
    if asked.from.trim().is_empty() {
        asked.from = day(member.now().minus(USUAL_SPAN));
    }
    match asked.question() {
        Ok(question) => page(&member, asked, question, &listing).await,
        Err(error) => {
            let told = errors::tell(error)?;
            // Who may not look is told nothing of what was wrong with the question.
            ledger::summarize(&member.app, member.viewer(), nothing(&member)).await?;
            let frame = member.page_told("Ledger", Some(&told)).await?;
            answer(&asked.page(frame), Some(&told))
        }
    }
}

/// A question that costs nothing.
fn nothing(member: &Member) -> Question {
    Question {
        from: Some(member.now()),
        to: Some(member.now()),
        ..Question::default()
    }
}

#[derive(Deserialize)]
pub struct Compare {
    host: String,
    from: String,
    to: String,
}

/// `POST /admin/ledger/compare`: a worker asks the other server; whoever wants to know waits a moment for it.
pub async fn compare(member: Member, Form(form): Form<Compare>) -> Answer {
    let asked = Asked {
        host: form.host,
        from: form.from,
        to: form.to,
        ..Asked::default()
    };
    match have_compared(&member, &asked).await {
        Ok(()) => Ok(see_other(&format!("{PATH}?{}", asked.query()))),
        Err(error) => {
            let told = errors::tell(error)?;
            let frame = member.page_told("Ledger", Some(&told)).await?;
            answer(&asked.page(frame), Some(&told))
        }
    }
}

async fn have_compared(member: &Member, asked: &Asked) -> Result<()> {
    // Who may not look is told nothing of what was wrong with the question.
    ledger::summarize(&member.app, member.viewer(), nothing(member)).await?;
    let question = books::Question {
        from: Timestamp::parse(&asked.from)?,
        to: parse_end(&asked.to)?,
        group: None,
        named: false,
    };
    let (app, host) = (&member.app, asked.host.parse()?);
    let job = books::compare_later(app, member.viewer(), host, question).await?;
    let job = jobs::wait(app, job, PATIENCE).await?;
    match job.state {
        JobState::Done => Ok(()),
        JobState::Failed => Err(Error::Conflict(job.problem.unwrap_or_default())),
        JobState::Pending => Err(Error::Unavailable(
            "they have not answered yet; look at this page in a few minutes".into(),
        )),
    }
}

/// What the last comparison with the server came to that the page is about, for who may see it.
async fn compared(member: &Member, question: &Question) -> Result<Option<ComparedRow>> {
    let Some(host) = question.host.clone() else {
        return Ok(None);
    };
    match books::last(&member.app, member.viewer(), host).await {
        Ok(found) => Ok(found.map(|(at, compared)| compared_row(member, at, compared))),
        // An owner sees what left their group; books are the house's.
        Err(Error::NotFound | Error::Denied(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn compared_row(member: &Member, at: Timestamp, compared: Comparison) -> ComparedRow {
    let differences = compared.differences.into_iter().map(|one| DifferenceRow {
        day: one.place.day,
        group: one.place.group,
        sent: one.direction == Direction::Sent,
        ours: one.ours,
        theirs: one.theirs,
        only_ours: one.only_ours.into_iter().map(|text| text.object).collect(),
        only_theirs: one
            .only_theirs
            .into_iter()
            .map(|text| text.object)
            .collect(),
    });
    ComparedRow {
        at: parts::when(at, member.now()),
        ours: compared.ours,
        theirs: compared.theirs,
        differences: differences.collect(),
    }
}

async fn page(member: &Member, asked: Asked, question: Question, listing: &Listing) -> Answer {
    let (app, viewer) = (&member.app, member.viewer());
    let lines = ledger::list(app, viewer.clone(), question.clone(), listing.page()).await?;
    let compared = compared(member, &question).await?;
    let disclosed = ledger::summarize(app, viewer, question).await?;
    let (lines, mut pager) = listing.cut(lines, |line| line.id, PATH);
    let query = asked.query();
    for link in [&mut pager.newer, &mut pager.older].into_iter().flatten() {
        link.push_str(&format!("&{query}"));
    }
    let page = LedgerPage {
        compared,
        disclosed: disclosed.iter().map(disclosed_row).collect(),
        lines: lines.iter().map(|line| row(member, line)).collect(),
        pager,
        ..asked.page(member.page("Ledger").await?)
    };
    answer(&page, None)
}

impl Asked {
    fn question(&self) -> Result<Question> {
        Ok(Question {
            host: some(&self.host).map(str::parse).transpose()?,
            group: some(&self.group).map(str::parse).transpose()?,
            from: some(&self.from).map(Timestamp::parse).transpose()?,
            to: some(&self.to).map(parse_end).transpose()?,
            way: some(&self.way).map(str::parse).transpose()?,
        })
    }

    /// The same as part of an address.
    fn query(&self) -> String {
        let fields = [
            ("host", &self.host),
            ("group", &self.group),
            ("from", &self.from),
            ("to", &self.to),
            ("way", &self.way),
        ];
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in fields {
            query.append_pair(name, value);
        }
        query.finish()
    }

    /// The page with what was typed, and nothing in it yet.
    fn page(self, frame: Page) -> LedgerPage {
        LedgerPage {
            page: frame,
            ways: ways(&self.way),
            host: self.host,
            group: self.group,
            from: self.from,
            to: self.to,
            compared: None,
            disclosed: Vec::new(),
            lines: Vec::new(),
            pager: Pager::default(),
        }
    }
}

fn some(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

fn day(time: Timestamp) -> String {
    time.rfc3339().chars().take("2026-10-31".len()).collect()
}

/// The ways there are, for the form.
fn ways(chosen: &str) -> Vec<Choice> {
    let choice = |value: &str, label: &str| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        hint: None,
        chosen: value == chosen,
    };
    let mut all = vec![choice("", "any way")];
    all.extend(
        LedgerWay::ALL
            .iter()
            .map(|way| choice(way.as_str(), way.as_str())),
    );
    all
}

fn disclosed_row(disclosed: &Disclosed) -> DisclosedRow {
    DisclosedRow {
        host: disclosed.host.clone(),
        group: disclosed.group.as_deref().map(group),
        topics: disclosed.topics,
        comments: disclosed.comments,
        revisions: disclosed.revisions,
        files: disclosed.files,
        people: disclosed.people,
        kibibytes: (disclosed.bytes + 1_023) / 1_024,
        withheld: disclosed.withheld,
        taken_back: match disclosed.asked_back {
            0 => String::new(),
            asked => format!("{} of {asked}", disclosed.confirmed),
        },
    }
}

/// By the last word of its address: a name, for groups of this house and most others.
fn group(address: &str) -> DisclosedGroup {
    let name = address.rsplit('/').next().unwrap_or(address);
    DisclosedGroup {
        name: name.to_owned(),
        url: address.to_owned(),
    }
}

fn row(member: &Member, line: &LedgerLine) -> LedgerRow {
    let entry = &line.entry;
    LedgerRow {
        number: line.number,
        when: parts::when(entry.at, member.now()),
        way: entry.way.to_string(),
        outcome: entry.outcome.to_string(),
        reason: entry.reason.clone(),
        host: entry.host.to_string(),
        reader: entry.reader.as_ref().map(Uri::to_string),
        matter: entry.matter.to_string(),
        object: entry.object.to_string(),
    }
}
