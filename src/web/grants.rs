//! Opening a group to a partner, from the group's settings.

use actix_web::web::Path;
use serde::Deserialize;

use crate::auth::Form;
use crate::domain::{
    Capabilities, Capability, GrantEnd, GrantTemplate, GrantTerms, Handle, History, Host, JoinMode,
    Timestamp,
};
use crate::error::{Error, Result};
use crate::services::grants::{self, GrantRequest, Standing};
use crate::services::groups::GroupView;
use crate::services::proposals::Decided;
use crate::web::errors::{self, Answer};
use crate::web::group_admin;
use crate::web::groups::locate;
use crate::web::views::{Choice, GrantChange, GrantDraft, GrantRow};
use crate::web::visit::{Member, Notice};
use crate::web::{done, outlook, parts, retractions, see_other};

/// A form in which `can` comes once for each capability.
pub type Fields = Vec<(String, String)>;

#[derive(Deserialize)]
pub struct Which {
    /// The partner's host: a group has at most one grant for each.
    grant: String,
    /// It keeps what it got.
    leave_copies: Option<String>,
}

/// `POST /g/{handle}/grants`
pub async fn add(member: Member, handle: Path<String>, Form(fields): Form<Fields>) -> Answer {
    let view = locate(&member, &handle).await?;
    if fields.iter().any(|(name, _)| name == "look") {
        let kept = |field: &(String, String)| !["look", "csrf"].contains(&field.0.as_str());
        let fields: Fields = fields.into_iter().filter(kept).collect();
        return Ok(see_other(&outlook::address(&view, &fields)));
    }
    let wish = Wish::read(&fields);
    match give(&member, &view, &wish).await {
        Ok(notice) => Ok(done(&settings_of(&view), notice)),
        Err(error) => {
            let told = errors::tell(error)?;
            group_admin::page(&member, view, None, Some(wish), Some(told)).await
        }
    }
}

async fn give(member: &Member, view: &GroupView, wish: &Wish) -> Result<Notice> {
    let (host, request) = (wish.host()?, wish.request()?);
    let (app, viewer, group, seen) = (
        &member.app,
        member.viewer(),
        handle_of(view),
        wish.seen.clone(),
    );
    let decided = grants::add_seen(app, viewer, group, host, request, seen).await?;
    Ok(match &decided {
        Decided::Done(standing) if standing.replaced.is_some() => Notice::Saved,
        decided => Notice::of(decided, Notice::Granted),
    })
}

/// `POST /g/{handle}/grants/remove`
pub async fn remove(member: Member, handle: Path<String>, Form(which): Form<Which>) -> Answer {
    let view = locate(&member, &handle).await?;
    match take_back(&member, &view, &which).await {
        Ok(()) => Ok(done(&settings_of(&view), Notice::GrantRemoved)),
        Err(error) => {
            let told = errors::tell(error)?;
            group_admin::page(&member, view, None, None, Some(told)).await
        }
    }
}

async fn take_back(member: &Member, view: &GroupView, which: &Which) -> Result<()> {
    let (group, host) = (handle_of(view), which.grant.parse()?);
    let copies = retractions::copies(which.leave_copies.as_ref());
    grants::remove(&member.app, member.viewer(), group, host, copies).await?;
    Ok(())
}

pub fn handle_of(view: &GroupView) -> Handle {
    view.group.actor.handle()
}

fn settings_of(view: &GroupView) -> String {
    format!("{}/settings", parts::group_url(&view.group))
}

/// What of earlier topics is shown stays as it is.
const KEPT: &str = "kept";

/// A grant as it was typed.
#[derive(Debug, Default)]
pub struct Wish {
    partner: String,
    can: Vec<String>,
    join: String,
    until: String,
    history: String,
    history_from: String,
    apart: bool,
    /// The day on which the grant that stands ends, as the form showed it: the same day again changes nothing.
    until_was: String,
    /// The digest of what was shown before it was confirmed.
    seen: Option<String>,
}

impl Wish {
    /// What the form begins with: reading and answering, let in one by one, nothing older.
    pub fn usual() -> Self {
        let can = [Capability::Read, Capability::React, Capability::Reply];
        Self {
            can: can.iter().map(Capability::to_string).collect(),
            join: JoinMode::Approve.to_string(),
            history: "now".to_owned(),
            ..Self::default()
        }
    }

    /// What a template says.
    pub fn by(template: &GrantTemplate, now: Timestamp) -> Self {
        let (history, history_from) = match template.history {
            History::Now => ("now", String::new()),
            History::All => ("all", String::new()),
            History::Since(day) => ("date", day.rfc3339()[..10].to_owned()),
        };
        let ends = template.ends(now).map(|end| end.rfc3339()[..10].to_owned());
        Self {
            partner: String::new(),
            can: template
                .capabilities
                .iter()
                .map(|one| one.to_string())
                .collect(),
            join: template.join.unwrap_or(JoinMode::Approve).to_string(),
            until: ends.unwrap_or_default(),
            history: history.to_owned(),
            history_from,
            apart: template.apart,
            ..Self::default()
        }
    }

    /// What stands, for who changes it. What of earlier topics is shown stays unless something else is chosen.
    pub fn like(standing: &Standing) -> Self {
        let terms = &standing.grant.terms;
        let until = terms.until.map(|end| end.rfc3339()[..10].to_owned());
        let until = until.unwrap_or_default();
        Self {
            partner: standing.partner.host.to_string(),
            can: terms
                .capabilities
                .iter()
                .map(|one| one.to_string())
                .collect(),
            join: terms.join.to_string(),
            until_was: until.clone(),
            until,
            history: KEPT.to_owned(),
            apart: terms.apart,
            ..Self::default()
        }
    }

    pub fn host(&self) -> Result<Host> {
        Ok(self.partner.parse()?)
    }

    pub fn read(fields: &Fields) -> Self {
        let mut wish = Self::default();
        for (name, value) in fields {
            let value = value.trim().to_owned();
            match name.as_str() {
                "partner" => wish.partner = value,
                "can" => wish.can.push(value),
                "join" => wish.join = value,
                "until" => wish.until = value,
                "until_was" => wish.until_was = value,
                "history" => wish.history = value,
                "history_from" => wish.history_from = value,
                "apart" => wish.apart = value == "yes",
                "seen" => wish.seen = Some(value),
                _ => {}
            }
        }
        wish
    }

    pub fn request(&self) -> Result<GrantRequest> {
        let can: Capabilities = self.can.join(",").parse()?;
        let join = Some(self.join.as_str()).filter(|word| !word.is_empty());
        let history = match self.history.as_str() {
            "date" if self.history_from.is_empty() => {
                return Err(Error::invalid("history_from", "is missing"));
            }
            "date" => Some(self.history_from.parse()?),
            word @ ("now" | "all") => Some(word.parse()?),
            KEPT => None,
            _ => {
                return Err(Error::invalid(
                    "history",
                    "choose what of earlier topics they see",
                ));
            }
        };
        let until = match self.until.as_str() {
            // The day says less than the moment that stands.
            day if day == self.until_was && !day.is_empty() => None,
            "" => Some(GrantEnd::Never),
            day => Some(GrantEnd::At(Timestamp::parse(day)?)),
        };
        Ok(GrantRequest {
            capabilities: Some(can),
            join: join.map(str::parse::<JoinMode>).transpose()?,
            from: None,
            until,
            history,
            apart: Some(self.apart),
        })
    }

    pub fn is_for(&self, host: &Host) -> bool {
        self.partner == host.as_str()
    }

    /// The form; `standing`: the grant that it changes.
    pub fn draft(&self, standing: Option<&Standing>) -> GrantDraft {
        let can = |one: &Capability| {
            let (label, hint) = words(*one);
            choice(
                one.as_str(),
                label,
                hint,
                self.can.iter().any(|word| word == one.as_str()),
            )
        };
        let join = |one: &JoinMode| {
            let label = match one {
                JoinMode::Approve => "A moderator lets each person in",
                JoinMode::Auto => "At once",
                JoinMode::Invite => "By invitation only",
            };
            choice(one.as_str(), label, None, self.join == one.as_str())
        };
        GrantDraft {
            capabilities: Capability::ALL.iter().map(can).collect(),
            join: JoinMode::ALL.iter().map(join).collect(),
            until: self.until.clone(),
            history: self.history.clone(),
            history_from: self.history_from.clone(),
            apart: self.apart,
            changes: standing.map(|standing| GrantChange {
                partner: parts::partner_badge(&standing.partner),
                until: self.until_was.clone(),
                history: history_words(&standing.grant.terms),
            }),
        }
    }
}

fn choice(value: &str, label: &str, hint: Option<&str>, chosen: bool) -> Choice {
    Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        hint: hint.map(str::to_owned),
        chosen,
    }
}

const fn words(capability: Capability) -> (&'static str, Option<&'static str>) {
    match capability {
        Capability::Read => ("Read", Some("Part of every grant")),
        Capability::React => ("Like", None),
        Capability::Reply => ("Comment", None),
        Capability::Start => ("Start topics", None),
        Capability::Attach => ("Attach files", None),
        Capability::Invite => ("Invite their colleagues", None),
        Capability::Moderate => ("Moderate", Some("Only those made moderator here")),
    }
}

/// A grant in a list.
pub fn grant_row(standing: &Standing, now: Timestamp) -> GrantRow {
    let terms = &standing.grant.terms;
    GrantRow {
        id: standing.partner.host.to_string(),
        group: parts::group_link(&standing.group, None),
        partner: parts::partner_badge(&standing.partner),
        can: terms
            .capabilities
            .iter()
            .map(|one| one.to_string())
            .collect(),
        join: terms.join.to_string(),
        from: parts::when(terms.from, now),
        until: terms.until.map(|at| parts::when(at, now)),
        history: history_words(terms),
        apart: terms.apart,
        idle: standing
            .without_effect
            .map(|reason| lower(reason.sentence())),
    }
}

/// "topics from the grant on", "everything", "topics since 1 March 2026".
pub fn history_words(terms: &GrantTerms) -> String {
    match terms.history_from {
        Timestamp::MIN => "everything".to_owned(),
        at if at == terms.from => "topics from the grant on".to_owned(),
        at => format!("topics since {}", parts::day(at).text),
    }
}

fn lower(sentence: &str) -> String {
    let mut letters = sentence.trim_end_matches('.').chars();
    let first = letters.next().map(|first| first.to_lowercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(own).collect()
    }

    #[test]
    fn a_grant_is_read_as_it_was_ticked() {
        let wish = Wish::read(&fields(&[
            ("csrf", "x"),
            ("partner", "birch.example"),
            ("can", "reply"),
            ("can", "react"),
            ("join", "auto"),
            ("until", "2026-12-31"),
            ("history", "date"),
            ("history_from", "2026-03-01"),
            ("apart", "yes"),
        ]));
        let request = wish.request().unwrap();
        let can = request.capabilities.unwrap();
        assert_eq!(can.to_string(), "read,react,reply");
        assert_eq!(request.join, Some(JoinMode::Auto));
        assert_eq!(request.until, Some("2026-12-31".parse().unwrap()));
        assert_eq!(request.history, Some("2026-03-01".parse().unwrap()));
        assert_eq!(request.apart, Some(true));
    }

    #[test]
    fn what_is_left_as_it_was_shown_stays_as_it_is() {
        let shown = [
            ("can", "read"),
            ("history", "kept"),
            ("until_was", "2026-12-31"),
        ];
        let with_end = |day| Wish::read(&fields(&[&shown[..], &[("until", day)]].concat()));
        let request = with_end("2026-12-31").request().unwrap();
        assert_eq!((request.until, request.history), (None, None));
        let request = with_end("").request().unwrap();
        assert_eq!(request.until, Some(GrantEnd::Never));
        let request = with_end("2027-01-31").request().unwrap();
        assert_eq!(request.until, Some("2027-01-31".parse().unwrap()));
    }

    #[test]
    fn what_is_typed_wrong_is_said() {
        for (name, value) in [
            ("can", "fly"),
            ("until", "tomorrow"),
            ("history", "some"),
            ("join", "maybe"),
        ] {
            let mut wrong = fields(&[("history", "now"), (name, value)]);
            wrong.retain(|(other, one)| other != name || one == value);
            assert!(Wish::read(&wrong).request().is_err(), "{name}");
        }
    }
}
