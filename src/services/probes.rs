//! Conformance probes: what a server is like, before something is shared with it. Federation asks the server;
//! here that is put together with what is known of its software and what it was seen to do.

use crate::app::App;
use crate::domain::{
    AuditAction, Finding, Host, JobId, Learned, PartnerState, Peer, Probe, ProbeQuestion,
    ProbeSource, RiskGrade, Timestamp, Uri, Work, grade, known_of_software,
};
use crate::error::{Error, Result};
use crate::policy::{Reason, Viewer, act};
use crate::services::{access, audit, jobs};
use crate::storage::{self, Connection};

/// What to ask a server about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Somebody there who is known here.
    pub somebody: Option<Uri>,
}

/// What a server answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Name and version, as it says; or why it said nothing.
    pub software: Option<Result<String, String>>,
    /// Its own actor, with what it says that it understands.
    pub instance: Option<Spokesman>,
    /// Whether it showed somebody to who did not sign; none: it was not asked, or did not answer.
    pub shows_to_everybody: Option<bool>,
}

/// A server's own actor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spokesman {
    pub uri: Uri,
    /// Names of what it says that it understands.
    pub implements: Vec<String>,
}

/// Whom to ask about.
///
/// # Errors
/// [`Error::Denied`] unless an administrator asks, and while the server is stopped; [`Error::Conflict`] for
/// ourselves and for a server that is blocked.
pub async fn prepare(app: &App, viewer: Viewer, host: Host) -> Result<Subject> {
    access::permit_house::<act::ManagePartners>(&app.asker(viewer))?;
    if host == *app.config.host() {
        return Err(Error::Conflict(format!(
            "{host} is this server itself; an organization cannot be its own partner"
        )));
    }
    app.db
        .read("prepare_probe", move |connection| {
            let state = storage::partners::find_state(connection, &host)?;
            if state == Some(PartnerState::Blocked) {
                return Err(Error::Conflict(format!(
                    "{host} is blocked here; end the block first"
                )));
            }
            if access::is_stopped(connection, Some(&host), None)? {
                return Err(Error::Denied(Reason::Stopped));
            }
            Ok(Subject {
                somebody: storage::probes::find_somebody(connection, &host)?,
            })
        })
        .await
}

/// Has a worker ask, for pages and scripts: a request of a person does not wait for another server.
pub async fn ask_later(app: &App, viewer: Viewer, host: Host) -> Result<JobId> {
    let by = viewer.actor().map(|actor| actor.0);
    prepare(app, viewer, host.clone()).await?;
    let host = host.to_string();
    jobs::submit(app, Work::Probe { host, by }).await
}

/// Puts the answers together with what is on record, and keeps it instead of the last probe.
pub async fn keep(app: &App, viewer: Viewer, host: Host, answers: Answers) -> Result<Probe> {
    let asker = app.asker(viewer);
    access::permit_house::<act::ManagePartners>(&asker)?;
    app.db
        .write("keep_probe", move |connection| {
            let findings = findings(connection, &host, answers)?;
            let probe = Probe {
                grade: grade(&findings),
                host,
                at: asker.now,
                findings,
            };
            storage::probes::save(connection, &probe)?;
            let (action, subject) = (AuditAction::PartnerProbed, probe.host.as_str());
            audit::note(connection, &asker, action, subject, probe.grade.as_str())?;
            Ok(probe)
        })
        .await
}

/// What a server was last found to be like; none: it was never asked.
pub async fn find(app: &App, viewer: Viewer, host: Host) -> Result<Option<Probe>> {
    access::permit_house::<act::ManagePartners>(&app.asker(viewer))?;
    app.db
        .read("find_probe", move |connection| {
            storage::probes::find(connection, &host)
        })
        .await
}

/// How much is risked by sharing with a server, and when that was found out: for who opens a group to it.
pub async fn find_grade(app: &App, host: Host) -> Result<Option<(RiskGrade, Timestamp)>> {
    app.db
        .read("find_risk", move |connection| {
            let probe = storage::probes::find(connection, &host)?;
            Ok(probe.map(|probe| (probe.grade, probe.at)))
        })
        .await
}

fn findings(connection: &mut Connection, host: &Host, answers: Answers) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    let software = match answers.software {
        Some(Ok(software)) => {
            let said = (software.clone(), ProbeSource::Said, "its NodeInfo says so");
            found.push(Finding::new(ProbeQuestion::Software, None, said));
            software
        }
        other => {
            let why = other.and_then(Result::err).unwrap_or_default();
            let why = format!("its NodeInfo cannot be read: {why}");
            found.push(Finding::not_known(ProbeQuestion::Software, why));
            String::new()
        }
    };
    found.extend(of_instance(answers.instance.as_ref()));
    found.push(of_fetching(answers.shows_to_everybody));
    found.push(of_signatures(storage::peers::find(connection, host)?));
    let (edits, deletes) = storage::probes::find_habits(connection, host)?;
    for mut one in known_of_software(&software) {
        let seen = match one.question {
            ProbeQuestion::Edits if edits => "; seen: edits of its people arrived here",
            ProbeQuestion::Deletes if deletes => "; seen: deletions of its people arrived here",
            _ => "",
        };
        if software.is_empty() {
            one.evidence = "nothing is known of its software".to_owned();
        }
        one.evidence.push_str(seen);
        found.push(one);
    }
    Ok(found)
}

fn of_instance(instance: Option<&Spokesman>) -> [Finding; 2] {
    let Some(instance) = instance else {
        return [
            Finding::not_known(
                ProbeQuestion::InstanceActor,
                "it has none where servers usually have one",
            ),
            Finding::not_known(
                ProbeQuestion::Implements,
                "it has no actor that could say so",
            ),
        ];
    };
    let read = format!("read at {}", instance.uri);
    let speaks = ("yes", ProbeSource::Seen, read.clone());
    let implements = match instance.implements.as_slice() {
        [] => Finding::not_known(ProbeQuestion::Implements, "its actor says nothing of it"),
        names => {
            let said = (names.join("; "), ProbeSource::Said, read);
            Finding::new(ProbeQuestion::Implements, None, said)
        }
    };
    [
        Finding::new(ProbeQuestion::InstanceActor, Some(true), speaks),
        implements,
    ]
}

fn of_fetching(shows_to_everybody: Option<bool>) -> Finding {
    let question = ProbeQuestion::SignedFetch;
    let seen = ProbeSource::Seen;
    match shows_to_everybody {
        Some(true) => {
            let why = "it showed somebody there to an unsigned question";
            Finding::new(question, Some(false), ("no", seen, why))
        }
        Some(false) => {
            let why = "it refused an unsigned question about somebody there";
            Finding::new(question, Some(true), ("yes", seen, why))
        }
        None => Finding::not_known(question, "nobody there is known here, or it did not answer"),
    }
}

fn of_signatures(peer: Option<Peer>) -> Finding {
    let question = ProbeQuestion::Signatures;
    let Some(peer) = peer else {
        return Finding::not_known(question, "nothing was sent there yet, and it says nothing");
    };
    let (source, evidence) = match peer.learned {
        Learned::Declared => (ProbeSource::Said, "its actors say so"),
        Learned::Seen => (ProbeSource::Seen, "it signs so itself"),
        Learned::Tried => (ProbeSource::Seen, "it took requests signed so"),
        Learned::Asked => (ProbeSource::Said, "it asked for it in an answer"),
    };
    Finding::new(question, None, (peer.signature.as_str(), source, evidence))
}
