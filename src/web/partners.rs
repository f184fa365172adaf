//! Partnerships, for administrators.

use std::time::Duration;

use actix_web::web::Path;
use serde::Deserialize;

use crate::auth::Form;
use crate::domain::{
    AnsweredRate, ConfirmEvery, DayOfPartner, Destination, DialectChoice, Discretion, Finding,
    GrantEnd, Host, JobState, OurSide, Partner, PartnerClass, PartnerState, PartnerView,
    PeerDialect, PrivateGroups, Probe, Terms, TermsChange, Timestamp, parse_duration,
};
use crate::error::{Error, Result};
use crate::services::grants::{self, Standing};
use crate::services::partners::{self, Change, pins, terms, view};
use crate::services::proposals::Decided;
use crate::services::{deliveries, dialects, jobs, probes};
use crate::web::errors::{self, Answer, Told};
use crate::web::grants::grant_row;
use crate::web::views::{
    Choice, DayRow, FindingRow, Invitation, Offered, PartnerPage, PartnerRow, PartnersPage,
    PartnershipEnd, ProbeRow, QueueHealth, SaidOfPartnership, ViewRow,
};
use crate::web::visit::{Member, Notice};
use crate::web::{answer, done, moves, parts, plots, retractions};

/// How long a page waits for the worker that speaks with the other server.
const PATIENCE: Duration = Duration::from_secs(15);

/// Where the list is.
const HERE: &str = "/admin/partners";

#[derive(Deserialize)]
pub struct Invite {
    class: String,
    expires: String,
    #[serde(flatten)]
    said: Said,
}

#[derive(Deserialize)]
pub struct Accept {
    code: String,
    class: String,
    #[serde(flatten)]
    said: Said,
}

#[derive(Deserialize)]
pub struct Add {
    host: String,
    class: String,
    /// `yes`: do not ask it first what it is like.
    #[serde(default)]
    without_probe: String,
    #[serde(flatten)]
    said: Said,
}

/// What is said of a partnership.
#[derive(Default, Deserialize)]
pub struct Said {
    #[serde(default)]
    purpose: String,
    #[serde(default)]
    contact: String,
    /// Empty: without end.
    #[serde(default)]
    until: String,
    /// Empty: as the house says.
    #[serde(default)]
    every: String,
}

impl Said {
    fn terms(&self) -> Result<Terms> {
        let until = Some(self.until.as_str()).filter(|day| !day.is_empty());
        let until = until.map(Timestamp::parse).transpose()?;
        Ok(Terms::new(&self.purpose, &self.contact, until)?)
    }

    fn confirm(&self) -> Result<ConfirmEvery> {
        match self.every.as_str() {
            "" => Ok(ConfirmEvery::House),
            every => Ok(every.parse()?),
        }
    }

    fn side(&self, class: PartnerClass) -> Result<OurSide> {
        Ok(OurSide {
            class,
            terms: self.terms()?,
            confirm: self.confirm()?,
        })
    }

    fn change(&self) -> Result<TermsChange> {
        let Terms {
            purpose,
            contact,
            until,
        } = self.terms()?;
        Ok(TermsChange {
            purpose: Some(purpose),
            contact: Some(contact),
            until: Some(until.map_or(GrantEnd::Never, GrantEnd::At)),
            confirm: Some(self.confirm()?),
        })
    }
}

#[derive(Deserialize)]
pub struct Compared {
    fingerprint: String,
}

#[derive(Deserialize)]
pub struct NewState {
    state: String,
    /// Ended, they keep what they got.
    leave_copies: Option<String>,
}

#[derive(Deserialize)]
pub struct NewClass {
    class: String,
}

#[derive(Deserialize)]
pub struct NewDialect {
    dialect: String,
}

#[derive(Deserialize)]
pub struct NewPrivateGroups {
    private_groups: String,
}

/// What a form on the page was filled in with, or made.
#[derive(Default)]
struct Filled {
    invitation: Option<Invitation>,
    code: String,
    host: String,
}

/// `GET /admin/partners`
pub async fn list(member: Member) -> Answer {
    page(&member, Filled::default(), None).await
}

/// `POST /admin/partners/invite`: answers with the code itself, the only time it is shown.
pub async fn invite(member: Member, Form(form): Form<Invite>) -> Answer {
    let made = make_invitation(&member, &form).await;
    match made {
        Ok(invitation) => {
            let filled = Filled {
                invitation: Some(invitation),
                ..Filled::default()
            };
            page(&member, filled, None).await
        }
        Err(error) => page(&member, Filled::default(), Some(errors::tell(error)?)).await,
    }
}

async fn make_invitation(member: &Member, form: &Invite) -> Result<Invitation> {
    let (ours, lifetime) = (
        form.said.side(form.class.parse()?)?,
        parse_duration(&form.expires)?,
    );
    let invited = partners::invite(&member.app, member.viewer(), ours, lifetime).await?;
    Ok(Invitation {
        code: invited.code.to_string(),
        class: invited.ours.class.to_string(),
        expires: parts::when(invited.expires_at, member.now()),
        waits: invited.waits.is_some(),
    })
}

/// `POST /admin/partners/accept`
pub async fn accept(member: Member, Form(form): Form<Accept>) -> Answer {
    match use_code(&member, &form).await {
        Ok(Some(host)) => Ok(done(&address(&host), Notice::Partnered)),
        Ok(None) => Ok(done(HERE, Notice::Proposed)),
        Err(error) => {
            let filled = Filled {
                code: form.code,
                ..Filled::default()
            };
            page(&member, filled, Some(errors::tell(error)?)).await
        }
    }
}

/// A worker speaks with the other server; whoever pasted the code waits a moment for it. None: it waits for a second
/// administrator.
async fn use_code(member: &Member, form: &Accept) -> Result<Option<Host>> {
    let (app, viewer, text) = (&member.app, member.viewer(), &form.code);
    let ours = form.said.side(form.class.parse()?)?;
    let host = partners::read_code(app, viewer.clone(), text)
        .await?
        .host()
        .clone();
    let job = match partners::accept_later(app, viewer, text, ours).await? {
        Decided::Done(job) => job,
        Decided::Proposed(_) => return Ok(None),
    };
    let job = jobs::wait(app, job, PATIENCE).await?;
    match job.state {
        JobState::Done => Ok(Some(host)),
        JobState::Failed => {
            Err(Error::Conflict(job.problem.unwrap_or_else(|| {
                format!("{host} did not accept the code")
            })))
        }
        JobState::Pending => Err(Error::Unavailable(format!(
            "{host} has not answered yet; it is asked again and again. Look at this page in a few minutes"
        ))),
    }
}

/// `POST /admin/partners/add`
pub async fn add(member: Member, Form(form): Form<Add>) -> Answer {
    match add_one_sided(&member, &form).await {
        Ok(Decided::Done(partner)) => Ok(done(&address(&partner.host), Notice::Saved)),
        Ok(Decided::Proposed(_)) => Ok(done(HERE, Notice::Proposed)),
        Err(error) => {
            let filled = Filled {
                host: form.host,
                ..Filled::default()
            };
            page(&member, filled, Some(errors::tell(error)?)).await
        }
    }
}

async fn add_one_sided(member: &Member, form: &Add) -> Result<Decided<Partner>> {
    let host: Host = form.host.parse()?;
    let ours = form.said.side(form.class.parse()?)?;
    if form.without_probe != "yes" {
        find_out(member, &host).await?;
    }
    partners::add(
        &member.app,
        member.viewer(),
        host,
        ours,
        PrivateGroups::Auto,
    )
    .await
}

async fn page(member: &Member, filled: Filled, told: Option<Told>) -> Answer {
    let months = member.app.config.governance.confirm_partners_months;
    let all = partners::list(&member.app, member.viewer()).await?;
    let grants = grants::list(&member.app, member.viewer(), None, None).await?;
    let row = |partner: &Partner| PartnerRow {
        host: partner.host.to_string(),
        organization: partner.organization.clone(),
        class: partner.class.to_string(),
        state: partner.state.to_string(),
        ending: ending(partner, member.now()),
        concern: partner
            .concern(months, member.now())
            .map(|concern| concern.to_string()),
        one_sided: !partner.mutual,
        groups: grants.iter().filter(|one| counts(one, partner)).count(),
    };
    let page = PartnersPage {
        page: member.page_told("Partners", told.as_ref()).await?,
        partners: all.iter().map(row).collect(),
        invitation: filled.invitation,
        code: filled.code,
        host: filled.host,
    };
    answer(&page, told.as_ref())
}

fn ending(partner: &Partner, now: Timestamp) -> Option<PartnershipEnd> {
    partner.over().map(|ending| PartnershipEnd {
        by: ending.by.to_string(),
        at: parts::when(ending.at, now),
    })
}

fn counts(standing: &Standing, partner: &Partner) -> bool {
    standing.partner.id == partner.id && standing.without_effect.is_none()
}

/// `GET /admin/partners/{host}`
pub async fn show(member: Member, host: Path<String>) -> Answer {
    one_page(&member, &host, None).await
}

/// `POST /admin/partners/{host}/state`
pub async fn set_state(member: Member, host: Path<String>, Form(form): Form<NewState>) -> Answer {
    match turn(&member, &host, &form).await {
        Ok((host, notice)) => Ok(done(&address(&host), notice)),
        Err(error) => one_page(&member, &host, Some(errors::tell(error)?)).await,
    }
}

async fn turn(member: &Member, host: &str, form: &NewState) -> Result<(Host, Notice)> {
    let host: Host = host.parse().map_err(|_| Error::NotFound)?;
    let (app, viewer) = (&member.app, member.viewer());
    let change = match form.state.parse()? {
        PartnerState::Active => {
            let decided = partners::resume(app, viewer, host.clone()).await?;
            return Ok((host, Notice::of(&decided, Notice::Saved)));
        }
        PartnerState::Paused => Change::Pause,
        PartnerState::Ended => Change::End,
        PartnerState::Blocked => Change::Block,
        PartnerState::Invited => return Err(Error::invalid("state", "is made by inviting")),
    };
    let copies = retractions::copies(form.leave_copies.as_ref());
    partners::change_leaving(app, viewer, host.clone(), change, copies).await?;
    Ok((host, Notice::Saved))
}

/// `POST /admin/partners/{host}/class`
pub async fn set_class(member: Member, host: Path<String>, Form(form): Form<NewClass>) -> Answer {
    match choose_class(&member, &host, &form.class).await {
        Ok((host, notice)) => Ok(done(&address(&host), notice)),
        Err(error) => one_page(&member, &host, Some(errors::tell(error)?)).await,
    }
}

async fn choose_class(member: &Member, host: &str, class: &str) -> Result<(Host, Notice)> {
    let class = class.parse()?;
    let host: Host = host.parse().map_err(|_| Error::NotFound)?;
    let decided = partners::set_class(&member.app, member.viewer(), host.clone(), class).await?;
    Ok((host, Notice::of(&decided, Notice::Saved)))
}

/// `POST /admin/partners/{host}/terms`
pub async fn set_terms(member: Member, host: Path<String>, Form(form): Form<Said>) -> Answer {
    match say(&member, &host, &form).await {
        Ok((host, notice)) => Ok(done(&address(&host), notice)),
        Err(error) => one_page(&member, &host, Some(errors::tell(error)?)).await,
    }
}

async fn say(member: &Member, host: &str, said: &Said) -> Result<(Host, Notice)> {
    let host: Host = host.parse().map_err(|_| Error::NotFound)?;
    let (app, viewer, change) = (&member.app, member.viewer(), said.change()?);
    let mut change = change;
    let known = partners::find(app, viewer.clone(), host.clone()).await?;
    // A day is shown for a moment: who did not touch it did not change it.
    if change.until.map(GrantEnd::time) == Some(known.ours.until.map(Timestamp::day)) {
        change.until = None;
    }
    let decided = terms::set_terms(app, viewer, host.clone(), change).await?;
    Ok((host, Notice::of(&decided, Notice::Saved)))
}

/// `POST /admin/partners/{host}/confirm`
pub async fn confirm(member: Member, host: Path<String>) -> Answer {
    let known: Host = host.parse().map_err(|_| Error::NotFound)?;
    match terms::confirm(&member.app, member.viewer(), known).await {
        Ok(partner) => Ok(done(&address(&partner.host), Notice::Saved)),
        Err(error) => one_page(&member, &host, Some(errors::tell(error)?)).await,
    }
}

/// A worker asks a server what it is like; whoever wants to know waits a moment for it.
async fn find_out(member: &Member, host: &Host) -> Result<()> {
    let job = probes::ask_later(&member.app, member.viewer(), host.clone()).await?;
    let job = jobs::wait(&member.app, job, PATIENCE).await?;
    match job.state {
        JobState::Done => Ok(()),
        JobState::Failed => {
            Err(Error::Conflict(job.problem.unwrap_or_else(|| {
                format!("{host} could not be asked what it is like")
            })))
        }
        JobState::Pending => Err(Error::Unavailable(format!(
            "{host} has not answered yet; try again in a minute, or without asking"
        ))),
    }
}

/// `POST /admin/partners/{host}/probe`
pub async fn probe(member: Member, host: Path<String>) -> Answer {
    let known: Host = host.parse().map_err(|_| Error::NotFound)?;
    match find_out(&member, &known).await {
        Ok(()) => Ok(done(&address(&known), Notice::Saved)),
        Err(error) => one_page(&member, &host, Some(errors::tell(error)?)).await,
    }
}

/// `POST /admin/partners/{host}/view`: a worker asks; whoever wants to know waits a moment for it.
pub async fn ask_view(member: Member, host: Path<String>) -> Answer {
    match ask_how_they_see_us(&member, &host).await {
        Ok(host) => Ok(done(&address(&host), Notice::Saved)),
        Err(error) => one_page(&member, &host, Some(errors::tell(error)?)).await,
    }
}

async fn ask_how_they_see_us(member: &Member, host: &str) -> Result<Host> {
    let host: Host = host.parse().map_err(|_| Error::NotFound)?;
    let job = view::ask_later(&member.app, member.viewer(), host.clone()).await?;
    let job = jobs::wait(&member.app, job, PATIENCE).await?;
    match job.state {
        JobState::Done => Ok(host),
        JobState::Failed => {
            Err(Error::Conflict(job.problem.unwrap_or_else(|| {
                format!("{host} did not say how it sees us")
            })))
        }
        JobState::Pending => Err(Error::Unavailable(format!(
            "{host} has not answered yet; look at this page in a minute"
        ))),
    }
}

/// `POST /admin/partners/{host}/key`: the fingerprint on the page was compared.
pub async fn trust_key(member: Member, host: Path<String>, Form(form): Form<Compared>) -> Answer {
    let known: Host = host.parse().map_err(|_| Error::NotFound)?;
    let (app, viewer) = (&member.app, member.viewer());
    match pins::trust(app, viewer, known.clone(), &form.fingerprint).await {
        Ok(decided) => Ok(done(&address(&known), Notice::of(&decided, Notice::Saved))),
        Err(error) => one_page(&member, &host, Some(errors::tell(error)?)).await,
    }
}

/// `POST /admin/partners/{host}/dialect`
pub async fn set_dialect(
    member: Member,
    host: Path<String>,
    Form(form): Form<NewDialect>,
) -> Answer {
    match choose_dialect(&member, &host, &form.dialect).await {
        Ok(host) => Ok(done(&address(&host), Notice::Saved)),
        Err(error) => one_page(&member, &host, Some(errors::tell(error)?)).await,
    }
}

async fn choose_dialect(member: &Member, host: &str, choice: &str) -> Result<Host> {
    let choice = choice.parse()?;
    let host: Host = host.parse().map_err(|_| Error::NotFound)?;
    let chosen = dialects::choose(&member.app, member.viewer(), host, choice).await?;
    Ok(chosen.host)
}

/// `POST /admin/partners/{host}/private-groups`
pub async fn set_private_groups(
    member: Member,
    host: Path<String>,
    Form(form): Form<NewPrivateGroups>,
) -> Answer {
    match choose_private_groups(&member, &host, &form.private_groups).await {
        Ok((host, notice)) => Ok(done(&address(&host), notice)),
        Err(error) => one_page(&member, &host, Some(errors::tell(error)?)).await,
    }
}

async fn choose_private_groups(
    member: &Member,
    host: &str,
    choice: &str,
) -> Result<(Host, Notice)> {
    let choice = choice.parse()?;
    let host: Host = host.parse().map_err(|_| Error::NotFound)?;
    let (app, viewer) = (&member.app, member.viewer());
    let decided = dialects::choose_private_groups(app, viewer, host.clone(), choice).await?;
    Ok((host, Notice::of(&decided, Notice::Saved)))
}

pub async fn one_page(member: &Member, host: &str, told: Option<Told>) -> Answer {
    let (app, now) = (&member.app, member.now());
    let host: Host = host.parse().map_err(|_| Error::NotFound)?;
    let partner = partners::find(app, member.viewer(), host.clone()).await?;
    let grants = grants::list(app, member.viewer(), None, Some(host.clone())).await?;
    let particulars = partners::particulars(app, member.viewer(), &partner).await?;
    let probed = probes::find(app, member.viewer(), host.clone()).await?;
    let overview = view::look(app, member.viewer(), host.clone()).await?;
    let dialect = dialects::find(app, member.viewer(), host.clone()).await?;
    let discretion = dialect.discretion(partner.mutual);
    let page = PartnerPage {
        page: member
            .page_told(&partner.organization, told.as_ref())
            .await?,
        host: host.to_string(),
        organization: partner.organization.clone(),
        class: partner.class.to_string(),
        classes: class_choices(partner.class),
        state: partner.state.to_string(),
        ending: ending(&partner, now),
        one_sided: !partner.mutual,
        since: parts::day(partner.created_at),
        private_groups: in_words(&discretion),
        trust: trust_choices(&dialect),
        trust_means: PrivateGroups::Trust.meaning(),
        dialects: dialect_choices(&dialect),
        dialect: format!("{} ({})", dialect.dialect(), dialect.why()),
        software: dialect.software,
        theirs: said_by(&partner.theirs, now),
        ours: said_by(&partner.ours, now),
        every: every_choices(partner.confirm),
        confirm_before: particulars.confirm_before.map(parts::day),
        concern: particulars.concern.map(|concern| concern.to_string()),
        paused_for: partner
            .paused_for
            .map(|reason| reason.as_str())
            .unwrap_or_default(),
        offered: particulars.offered.map(|key| Offered {
            shown: parts::in_pairs_whole(&key.fingerprint),
            fingerprint: key.fingerprint,
            seen: parts::when(key.seen_at, now),
        }),
        pinned: particulars.pinned.as_deref().map(parts::in_pairs_whole),
        fingerprint: particulars.pinned.as_deref().map(parts::in_pairs),
        grants: grants.iter().map(|one| grant_row(one, now)).collect(),
        probe: probed.map(|probe| probe_row(&probe, now)),
        traffic_plot: plots::traffic(&overview.days),
        delay_plot: plots::delays(&overview.days),
        days: overview.days.iter().filter_map(day_row).collect(),
        theirs_answered: answered(overview.theirs),
        ours_answered: answered(overview.ours),
        their_people: parts::count(overview.their_people),
        our_people: parts::count(overview.our_people),
        view: overview.told.map(|(at, told)| view_row(at, &told, now)),
        coming: moves::coming_from(member, &host).await?,
        health: health(member, &host).await?,
    };
    answer(&page, told.as_ref())
}

fn probe_row(probe: &Probe, now: Timestamp) -> ProbeRow {
    let finding = |found: &Finding| FindingRow {
        question: found.question.words(),
        answer: found.answer.clone(),
        evidence: found.evidence.clone(),
    };
    ProbeRow {
        at: parts::when(probe.at, now),
        grade: probe.grade.to_string(),
        meaning: probe.grade.meaning(),
        findings: probe.findings.iter().map(finding).collect(),
    }
}

/// A day on which something went either way.
fn day_row(day: &DayOfPartner) -> Option<DayRow> {
    let delay = |seconds: Option<u64>| seconds.map(plots::duration).unwrap_or_default();
    (day.sent + day.received > 0).then(|| DayRow {
        day: day.day.clone(),
        sent: day.sent,
        received: day.received,
        half: delay(day.delay_half),
        most: delay(day.delay_most),
    })
}

/// "3 of 4 (75 %)"
fn answered(rate: AnsweredRate) -> String {
    match rate.percent() {
        Some(percent) => format!("{} of {} ({percent} %)", rate.answered, rate.topics),
        None => "no topics".to_owned(),
    }
}

fn view_row(at: Timestamp, told: &PartnerView, now: Timestamp) -> ViewRow {
    let time = |text: &Option<String>| {
        let time = text.as_deref().map(Timestamp::parse)?.ok()?;
        Some(parts::when(time, now))
    };
    ViewRow {
        at: parts::when(at, now),
        state: told.state.clone(),
        waiting: told.waiting,
        oldest: time(&told.oldest),
        last_success: time(&told.last_success),
        last_error: time(&told.last_error),
        sent: told.days.iter().map(|day| day.sent).sum(),
        received: told.days.iter().map(|day| day.received).sum(),
        days: told.days.len(),
    }
}

/// What can be chosen about being asked again, and what is chosen where that is something else.
fn every_choices(chosen: ConfirmEvery) -> Vec<Choice> {
    use ConfirmEvery::{House, Months, Never};
    let mut all = vec![House, Never, Months(1), Months(3), Months(6), Months(12)];
    if !all.contains(&chosen) {
        all.push(chosen);
    }
    let choice = |every: ConfirmEvery| Choice {
        value: match every {
            House => String::new(),
            every => every.to_string(),
        },
        label: match every {
            House => "As the settings say".to_owned(),
            Never => "Never".to_owned(),
            Months(1) => "Every month".to_owned(),
            Months(12) => "Every year".to_owned(),
            Months(months) => format!("Every {months} months"),
        },
        hint: None,
        chosen: every == chosen,
    };
    all.into_iter().map(choice).collect()
}

fn said_by(terms: &Terms, now: Timestamp) -> SaidOfPartnership {
    SaidOfPartnership {
        purpose: terms.purpose.clone(),
        contact: terms.contact.clone(),
        day: terms
            .until
            .map(|until| until.day().date())
            .unwrap_or_default(),
        until: terms.until.map(|until| parts::when(until, now)),
    }
}

fn class_choices(class: PartnerClass) -> Vec<Choice> {
    let choice = |one: &PartnerClass| Choice {
        value: one.to_string(),
        label: one.to_string(),
        hint: None,
        chosen: *one == class,
    };
    PartnerClass::ALL.iter().map(choice).collect()
}

/// What can be chosen, each with what it means.
fn dialect_choices(peer: &PeerDialect) -> Vec<Choice> {
    let chosen = peer.chosen.as_ref().map(|(dialect, _)| *dialect);
    let choice = |choice: &DialectChoice| Choice {
        value: choice.to_string(),
        label: match choice {
            DialectChoice::Auto => "As learned of it",
            DialectChoice::Activities => "Activities: it knows groups",
            DialectChoice::Boosts => "Boosts: a microblog server",
            DialectChoice::Both => "Both",
        }
        .to_owned(),
        hint: None,
        chosen: choice.dialect() == chosen,
    };
    DialectChoice::ALL.iter().map(choice).collect()
}

fn in_words(discretion: &Discretion) -> String {
    let may = if discretion.kept { "yes" } else { "no" };
    format!("{may}: {}", discretion.why)
}

/// What can be chosen about groups that are not public, each with what it means.
fn trust_choices(peer: &PeerDialect) -> Vec<Choice> {
    let chosen = match peer.trusted_by {
        Some(_) => PrivateGroups::Trust,
        None => PrivateGroups::Auto,
    };
    let choice = |choice: &PrivateGroups| Choice {
        value: choice.to_string(),
        label: match choice {
            PrivateGroups::Auto => "Only where its software is known to keep them",
            PrivateGroups::Trust => "Whatever its software does",
        }
        .to_owned(),
        hint: None,
        chosen: *choice == chosen,
    };
    PrivateGroups::ALL.iter().map(choice).collect()
}

async fn health(member: &Member, host: &Host) -> Result<QueueHealth> {
    let all = deliveries::list_destinations(&member.app, member.viewer()).await?;
    let here = |one: &&Destination| one.host == *host;
    let health = all.iter().find(here);
    Ok(health.map_or_else(QueueHealth::default, |one| parts::health(one, member.now())))
}

pub fn address(host: &Host) -> String {
    format!("/admin/partners/{host}")
}
