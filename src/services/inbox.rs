//! What arrives from other servers: the gate, storing before answering, and applying.

use crate::app::{App, Asker};
use crate::domain::{
    Actor, ActorKey, ActorKind, ActorState, Arrival, ArrivalId, ArrivalState, GrantTerms, Group,
    Host, PartnerState, Post, Proof, ReportText, Timestamp, Uri,
};
use crate::error::{Error, Result};
use crate::policy::{FederationMode, Reason, act};
use crate::services::memberships::Invitee;
use crate::services::posts::{Ground, ReceivedPost};
use crate::services::{
    access, grants, house, memberships, posts, reactions, remote_actors, reports,
};
use crate::storage::{self, Connection};

/// What an activity asks for, in the words of the house. Made by federation, purely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Follow {
        follow: Uri,
        group: Uri,
    },
    Unfollow {
        group: Uri,
    },
    /// The group that was asked answers.
    AcceptFollow {
        follow: Uri,
    },
    RejectFollow {
        follow: Uri,
    },
    /// A group asks one of ours to come.
    Invite {
        group: Uri,
        invitee: Invitee,
    },
    CreatePost(ReceivedPost),
    UpdatePost(ReceivedPost),
    DeleteObject {
        object: Uri,
        /// A reason came with it: it is a moderator's removal, not an author's change of mind.
        removal: bool,
    },
    /// A removal is taken back.
    RestoreObject {
        object: Uri,
    },
    LockTopic {
        object: Uri,
    },
    UnlockTopic {
        object: Uri,
    },
    Like {
        like: Uri,
        object: Uri,
    },
    Unlike {
        object: Uri,
    },
    /// Somebody, or their server for them, asks to look at posts.
    Flag {
        objects: Vec<Uri>,
        text: ReportText,
    },
    /// A group passes on what somebody did in it (FEP-1b12).
    Announced {
        actor: Uri,
        activity: Uri,
        command: Box<Command>,
        vouching: Vouching,
    },
    /// A group passes on a post by its address, as groups for microblogs do. Its author's server is
    /// asked before it is applied.
    Shared {
        object: Uri,
    },
    OfferGrant {
        grant: Uri,
        group: Uri,
        terms: GrantTerms,
    },
    EndGrant {
        grant: Uri,
        group: Option<Uri>,
    },
    /// The actor's own document changed.
    UpdateActor,
    /// The actor is gone.
    DeleteActor,
    /// Nothing we do anything with; the word says what it was.
    Ignored(&'static str),
}

/// Why it is believed what a group says that somebody did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Vouching {
    /// The group's own server says it, of its own people or as its own act; or their server was asked.
    House,
    /// They are of a third server and are said to prove it themselves; with it may come their
    /// document as their own server signed it. Nothing of this is true yet.
    Claimed {
        proof: Box<Proof>,
        introduction: Option<String>,
    },
    /// Their own key was found to have made the proof.
    Proven,
    /// They are of a third server and prove nothing: it is asked before anything of this is believed.
    Hearsay,
}

impl Command {
    /// Actors that must be known before the command can be applied.
    pub fn actors(&self) -> Vec<&Uri> {
        match self {
            // These are met when it is found out whether they said it.
            Self::Announced {
                vouching: Vouching::Claimed { .. } | Vouching::Hearsay,
                ..
            } => Vec::new(),
            Self::Announced { actor, command, .. } => {
                let mut actors = vec![actor];
                actors.extend(command.actors());
                actors
            }
            Self::OfferGrant { group, .. } | Self::Invite { group, .. } => vec![group],
            Self::CreatePost(post) | Self::UpdatePost(post) => vec![&post.author],
            _ => Vec::new(),
        }
    }
}

impl Command {
    /// Does what takes long and needs no database, so that it is not done in a transaction.
    pub fn prepare(&self) {
        match self {
            Self::CreatePost(post) | Self::UpdatePost(post) => {
                post.html.sanitized();
            }
            Self::Announced { command, .. } => command.prepare(),
            _ => {}
        }
    }

    /// What the house of a group may do to every post in it.
    pub const fn moderates(&self) -> bool {
        matches!(
            self,
            Self::DeleteObject { .. }
                | Self::RestoreObject { .. }
                | Self::LockTopic { .. }
                | Self::UnlockTopic { .. }
        )
    }
}

/// Whether a server may knock at all, before anything is fetched for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    Open,
    /// Try again later: the partnership is paused.
    Paused,
    Shut(Reason),
}

/// Somebody elsewhere with the key that a signature names, as the database has them now.
pub type KnownSigner = (Actor, ActorKey);

/// Asks whether the server of a key may speak to us, and who the key's owner is, where we know.
pub async fn knock(app: &App, key: &Uri) -> Result<(Gate, Option<KnownSigner>)> {
    let mode = app.house().federation;
    let key = key.clone();
    app.db
        .read("knock", move |connection| {
            let state = storage::partners::find_state(connection, key.host())?;
            Ok(match judge(state, mode) {
                Gate::Open => (Gate::Open, known_signer(connection, &key)?),
                shut => (shut, None),
            })
        })
        .await
}

/// Asks whether `host` may speak to us.
pub async fn gate(app: &App, host: &Host) -> Result<Gate> {
    let mode = app.house().federation;
    let host = host.clone();
    app.db
        .read("gate", move |connection| {
            Ok(judge(
                storage::partners::find_state(connection, &host)?,
                mode,
            ))
        })
        .await
}

const fn judge(state: Option<PartnerState>, mode: FederationMode) -> Gate {
    match (state, mode) {
        (Some(PartnerState::Active), _) => Gate::Open,
        (Some(PartnerState::Paused), _) => Gate::Paused,
        (Some(PartnerState::Blocked), _) => Gate::Shut(Reason::PartnerBlocked),
        (Some(PartnerState::Invited | PartnerState::Ended) | None, FederationMode::Open) => {
            Gate::Open
        }
        (Some(PartnerState::Invited | PartnerState::Ended) | None, FederationMode::Closed) => {
            Gate::Shut(Reason::NoPartnership)
        }
    }
}

/// The actor and key that a signature names, where we know them.
pub async fn find_signer(app: &App, key: &Uri) -> Result<Option<KnownSigner>> {
    let key = key.clone();
    app.db
        .read("find_signer", move |connection| {
            known_signer(connection, &key)
        })
        .await
}

fn known_signer(connection: &mut Connection, key: &Uri) -> Result<Option<KnownSigner>> {
    let Some(key) = storage::actors::find_key(connection, key)? else {
        return Ok(None);
    };
    let actor = storage::actors::find(connection, key.actor)?;
    Ok(actor.map(|actor| (actor, key)))
}

/// What became of an activity at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    New,
    /// It was here before; nothing changes.
    Known,
}

/// An activity that was verified and understood.
#[derive(Clone, Debug)]
pub struct Verified {
    /// When it came to the door.
    pub at: Timestamp,
    pub activity: Uri,
    pub signer: Actor,
    pub command: Command,
    /// The bytes as they came.
    pub body: String,
}

/// Stores an activity, durably, before it is answered. What one read tells is refused at once: a
/// sender that may not, or that speaks of what is hidden from it. Whether it still may when the
/// activity is applied is asked then.
pub async fn accept(app: &App, verified: Verified) -> Result<Accepted> {
    let asker = app.asker(access::viewer_of(&verified.signer));
    let (accepted, verified) = app
        .db
        .read("check_activity", move |connection| {
            Ok((examine(connection, &asker, &verified)?, verified))
        })
        .await?;
    if accepted == Accepted::Known {
        return Ok(accepted);
    }
    let added = app
        .db
        .write("accept_activity", move |connection| {
            let host = verified.signer.host.as_ref().ok_or(Error::NotFound)?;
            let Verified {
                at,
                activity,
                signer,
                body,
                ..
            } = &verified;
            storage::arrivals::insert(connection, activity, signer.id, host, body, *at)
        })
        .await?;
    app.bells.arrivals.notify_one();
    Ok(match added {
        true => Accepted::New,
        false => Accepted::Known,
    })
}

fn examine(connection: &mut Connection, asker: &Asker, verified: &Verified) -> Result<Accepted> {
    // Asked again: fetching the signer's key may have taken long, and the partnership may be over.
    let host = verified.signer.host.as_ref().ok_or(Error::NotFound)?;
    let state = storage::partners::find_state(connection, host)?;
    match judge(state, asker.house.federation) {
        Gate::Open => {}
        Gate::Paused => {
            let sentence = Reason::PartnershipPaused.sentence();
            return Err(Error::Unavailable(sentence.into()));
        }
        Gate::Shut(reason) => return Err(Error::Denied(reason)),
    }
    if verified.signer.state != ActorState::Active {
        return Err(Error::Denied(Reason::PartnerBlocked));
    }
    if storage::arrivals::exists(connection, &verified.activity)? {
        return Ok(Accepted::Known);
    }
    check(connection, asker, &verified.signer, &verified.command)?;
    Ok(Accepted::New)
}

/// The permission that can be told at the door. Whatever depends on activities still waiting to be
/// applied (a parent, a like to undo) is left to them.
fn check(
    connection: &mut Connection,
    asker: &Asker,
    signer: &Actor,
    command: &Command,
) -> Result<()> {
    match command {
        Command::Follow { group, .. } => {
            let group = find_group(connection, group)?;
            access::permit::<act::Join>(connection, asker, group.id)?;
        }
        Command::CreatePost(post) => {
            check_ownership(connection, asker, signer, &post.uri)?;
            check_create(connection, asker, post)?;
        }
        Command::UpdatePost(post) => check_ownership(connection, asker, signer, &post.uri)?,
        Command::DeleteObject { object, .. } => check_ownership(connection, asker, signer, object)?,
        Command::RestoreObject { object }
        | Command::LockTopic { object }
        | Command::UnlockTopic { object } => {
            if let Some(post) = storage::posts::find_by_uri(connection, object)? {
                access::permit_found::<act::Moderate>(connection, asker, post)?;
            }
        }
        Command::Like { object, .. } => {
            if let Some(post) = storage::posts::find_by_uri(connection, object)? {
                access::permit_found::<act::React>(connection, asker, post)?;
            }
        }
        Command::Flag { objects, .. } => reports::check(connection, asker, objects)?,
        Command::Announced { .. } => {
            storage::groups::find_by_uri(connection, &signer.uri)?.ok_or(Error::NotFound)?;
        }
        // People share posts too; that changes nothing here.
        Command::Shared { .. } => {}
        Command::Unfollow { .. }
        | Command::AcceptFollow { .. }
        | Command::RejectFollow { .. }
        | Command::Invite { .. }
        | Command::Unlike { .. }
        | Command::OfferGrant { .. }
        | Command::EndGrant { .. }
        | Command::UpdateActor
        | Command::DeleteActor
        | Command::Ignored(_) => {}
    }
    Ok(())
}

fn check_create(connection: &mut Connection, asker: &Asker, received: &ReceivedPost) -> Result<()> {
    let parent = match &received.parent {
        Some(parent) => storage::posts::find_by_uri(connection, parent)?,
        None => None,
    };
    match parent {
        Some(parent) => access::permit_found::<act::Comment>(connection, asker, parent).map(drop),
        None => {
            let group = received.group.as_ref().ok_or(Error::NotFound)?;
            let group = find_group(connection, group)?;
            match received.parent {
                // The parent may be waiting to be applied just before this one.
                Some(_) => access::permit::<act::Know>(connection, asker, group.id).map(drop),
                None => access::permit::<act::StartTopic>(connection, asker, group.id).map(drop),
            }
        }
    }
}

/// Only its author (or a moderator of its group) may change what is here already.
fn check_ownership(
    connection: &mut Connection,
    asker: &Asker,
    signer: &Actor,
    object: &Uri,
) -> Result<()> {
    let Some(post) = storage::posts::find_by_uri(connection, object)? else {
        return Ok(());
    };
    if post.author == signer.id {
        return Ok(());
    }
    match access::permit_found::<act::Moderate>(connection, asker, post) {
        Ok(_) => Ok(()),
        Err(Error::NotFound) => Err(Error::NotFound),
        Err(_) => Err(Error::Denied(Reason::NotAuthor)),
    }
}

fn find_group(connection: &mut Connection, uri: &Uri) -> Result<Group> {
    storage::groups::find_by_uri(connection, uri)?.ok_or(Error::NotFound)
}

/// One line in the security log for an attempt that was turned away.
pub async fn log_refusal(
    app: &App,
    reason: &'static str,
    claimed_actor: String,
    peer: String,
) -> Result<()> {
    let now = app.clock.now();
    tracing::warn!(reason, claimed_actor, peer, "an activity was refused");
    app.db
        .write("log_refusal", move |connection| {
            storage::arrivals::log_refusal(connection, reason, &claimed_actor, &peer, now)
        })
        .await
}

// Applying ----------------------------------------------------------------------------------------

/// An activity that is due, with who signed it.
#[derive(Clone, Debug)]
pub struct Due {
    pub arrival: Arrival,
    pub signer: Actor,
}

/// Takes activities that wait, at most `most`; they are ours until `lease_until`.
pub async fn claim(app: &App, lease_until: Timestamp, most: i64) -> Result<Vec<Due>> {
    let now = app.clock.now();
    app.db
        .write_patiently("claim_arrivals", move |connection| {
            let arrivals = storage::arrivals::claim_due(connection, now, lease_until, most)?;
            let signers: Vec<_> = arrivals.iter().map(|arrival| arrival.signer).collect();
            let signers = storage::actors::list_by_ids(connection, &signers)?;
            let known = |arrival: Arrival| {
                let signer = signers
                    .iter()
                    .find(|signer| signer.id == arrival.signer)?
                    .clone();
                Some(Due { arrival, signer })
            };
            Ok(arrivals.into_iter().filter_map(known).collect())
        })
        .await
}

/// Of these actors, those we do not know yet: federation fetches them before applying.
pub async fn list_unknown_actors(app: &App, uris: Vec<Uri>) -> Result<Vec<Uri>> {
    app.db
        .read("list_unknown_actors", move |connection| {
            let mut unknown = Vec::new();
            for uri in uris {
                if storage::actors::find_by_uri(connection, &uri)?.is_none() {
                    unknown.push(uri);
                }
            }
            Ok(unknown)
        })
        .await
}

/// Whether a post is here, also one that was taken back.
pub async fn knows_post(app: &App, uri: Uri) -> Result<bool> {
    app.db
        .read("knows_post", move |connection| {
            Ok(storage::posts::find_by_uri(connection, &uri)?.is_some())
        })
        .await
}

/// Attempts before an activity that keeps failing is put aside.
const ATTEMPTS_MAX: u32 = 12;
/// Attempts for one that lacks what it builds on (a parent that may still arrive).
const ATTEMPTS_WITHOUT_GROUND_MAX: u32 = 4;

/// Activities applied in one transaction: a few milliseconds, for which others wait to write.
const APPLIED_TOGETHER: usize = 32;

/// Applies activities in their order, some in one transaction, each in a savepoint of its own: the
/// effect and the mark that it was applied commit together, so each takes effect exactly once.
/// Returns how many took effect.
pub async fn apply(app: &App, batch: Vec<(Due, Result<Command, &'static str>)>) -> Result<usize> {
    let mut applied = 0;
    let mut waiting = batch.into_iter();
    loop {
        let some: Vec<_> = waiting.by_ref().take(APPLIED_TOGETHER).collect();
        if some.is_empty() {
            return Ok(applied);
        }
        applied += apply_some(app, some).await?;
        app.bells.events.notify_one();
        app.bells.jobs.notify_one();
    }
}

async fn apply_some(app: &App, batch: Vec<(Due, Result<Command, &'static str>)>) -> Result<usize> {
    let app_for_asker = app.clone();
    app.db
        .write_patiently("apply_activities", move |connection| {
            let mut applied = 0;
            for (due, command) in batch {
                let asker = app_for_asker.asker(access::viewer_of(&due.signer));
                match command {
                    Err(reason) => {
                        let (id, now) = (due.arrival.id, asker.now);
                        let refused = ArrivalState::Refused;
                        storage::arrivals::finish(connection, id, refused, Some(reason), now)?;
                    }
                    Ok(command) => {
                        applied += usize::from(apply_one(connection, &asker, &due, &command)?);
                    }
                }
            }
            Ok(applied)
        })
        .await
}

fn apply_one(
    connection: &mut Connection,
    asker: &Asker,
    due: &Due,
    command: &Command,
) -> Result<bool> {
    let id = due.arrival.id;
    let outcome = storage::savepoint(connection, |connection| {
        effect(
            connection,
            asker,
            &due.signer,
            command,
            Some(&due.arrival.body),
        )?;
        let (state, why) = match command {
            Command::Ignored(why) => (ArrivalState::Ignored, Some(*why)),
            _ => (ArrivalState::Applied, None),
        };
        storage::arrivals::finish(connection, id, state, why, asker.now)
    });
    match outcome {
        Ok(()) => return Ok(true),
        Err(Error::Denied(reason)) => refuse(connection, id, reason.as_str(), asker.now)?,
        Err(Error::NotFound)
            if due.arrival.attempts < ATTEMPTS_WITHOUT_GROUND_MAX && waits_for_more(command) =>
        {
            put_off(connection, due, "unknown_ground", asker.now)?;
        }
        Err(Error::NotFound) => refuse(connection, id, "unknown", asker.now)?,
        Err(Error::Invalid { .. }) => refuse(connection, id, "invalid", asker.now)?,
        Err(Error::Conflict(_)) => refuse(connection, id, "conflict", asker.now)?,
        Err(error) if due.arrival.attempts < ATTEMPTS_MAX => {
            tracing::warn!(%error, activity = %due.arrival.activity, "an activity could not be applied; it is tried again");
            put_off(connection, due, "internal", asker.now)?;
        }
        Err(error) => {
            tracing::error!(%error, activity = %due.arrival.activity, "an activity is put aside");
            storage::arrivals::finish(
                connection,
                id,
                ArrivalState::Dead,
                Some("internal"),
                asker.now,
            )?;
        }
    }
    Ok(false)
}

fn refuse(connection: &mut Connection, id: ArrivalId, reason: &str, now: Timestamp) -> Result<()> {
    tracing::info!(reason, arrival = %id, "an activity changed nothing");
    storage::arrivals::finish(connection, id, ArrivalState::Refused, Some(reason), now)
}

fn put_off(connection: &mut Connection, due: &Due, reason: &str, now: Timestamp) -> Result<()> {
    let pause = std::time::Duration::from_secs(2_u64.saturating_pow(due.arrival.attempts.min(10)));
    storage::arrivals::retry_later(connection, due.arrival.id, reason, now.plus(pause))
}

/// Puts a whole claim back: a server it depends on does not answer.
pub async fn put_back(app: &App, due: Due, reason: &'static str) -> Result<()> {
    let now = app.clock.now();
    app.db
        .write_patiently("put_back_arrival", move |connection| {
            if due.arrival.attempts >= ATTEMPTS_MAX {
                return storage::arrivals::finish(
                    connection,
                    due.arrival.id,
                    ArrivalState::Dead,
                    Some(reason),
                    now,
                );
            }
            put_off(connection, &due, reason, now)
        })
        .await
}

/// Whether something that must come first may still be on its way.
fn waits_for_more(command: &Command) -> bool {
    match command {
        Command::CreatePost(post) => post.parent.is_some(),
        Command::UpdatePost(_)
        | Command::LockTopic { .. }
        | Command::UnlockTopic { .. }
        | Command::Like { .. }
        | Command::Unlike { .. }
        | Command::EndGrant { .. } => true,
        Command::Announced { command, .. } => waits_for_more(command),
        _ => false,
    }
}

fn effect(
    connection: &mut Connection,
    asker: &Asker,
    signer: &Actor,
    command: &Command,
    raw: Option<&str>,
) -> Result<()> {
    match command {
        Command::Follow { follow, group } => {
            let group = find_group(connection, group)?;
            memberships::receive_follow(connection, asker, signer, &group, follow)
        }
        Command::Unfollow { group } => {
            let group = find_group(connection, group)?;
            memberships::receive_unfollow(connection, asker, signer, &group)
        }
        Command::AcceptFollow { follow } => {
            let group = find_group(connection, &signer.uri)?;
            memberships::receive_accept(connection, asker, &group, follow)
        }
        Command::RejectFollow { follow } => {
            let group = find_group(connection, &signer.uri)?;
            memberships::receive_reject(connection, &group, follow)
        }
        Command::Invite { group, invitee } => {
            let ourselves = house::instance_actor(connection)?.uri;
            let group = find_group(connection, group)?;
            memberships::receive_invite(connection, asker, ourselves.host(), &group, invitee)
        }
        Command::CreatePost(post) => {
            let ground = ground_of(connection, post)?;
            posts::receive(connection, asker, signer, ground, post, raw)
        }
        Command::UpdatePost(post) => posts::receive_update(connection, asker, signer, post, raw),
        Command::DeleteObject { object, removal } => {
            posts::receive_delete(connection, asker, signer, object, *removal, raw)
        }
        Command::RestoreObject { object } => {
            posts::receive_restore(connection, asker, signer, object, raw)
        }
        Command::LockTopic { object } => posts::receive_lock(connection, asker, object, true, raw),
        Command::UnlockTopic { object } => {
            posts::receive_lock(connection, asker, object, false, raw)
        }
        Command::Like { like, object } => {
            reactions::receive_like(connection, asker, signer, like, object, raw)
        }
        Command::Unlike { object } => {
            reactions::receive_unlike(connection, asker, signer, object, raw)
        }
        Command::Flag { objects, text } => {
            reports::receive(connection, asker, signer, objects, text)
        }
        Command::Announced {
            actor,
            activity,
            command,
            vouching,
        } => match vouching {
            Vouching::House => announced(connection, asker, signer, actor, activity, command),
            Vouching::Claimed { .. } | Vouching::Hearsay => Err(Error::Denied(Reason::NotAuthor)),
            Vouching::Proven => {
                check_place(connection, signer, actor, command)?;
                let (signer_id, host) = (signer.id, actor.host());
                match storage::arrivals::mark_seen(
                    connection, activity, signer_id, host, asker.now,
                )? {
                    true => announced(connection, asker, signer, actor, activity, command),
                    // Said once is done once: a group must not bring back an earlier text.
                    false => Ok(()),
                }
            }
        },
        Command::OfferGrant {
            grant,
            group,
            terms,
        } => {
            from_the_house(signer)?;
            let group = find_group(connection, group)?;
            grants::receive::receive_offer(connection, signer.uri.host(), group.id, grant, *terms)
        }
        Command::EndGrant { grant, group } => {
            end_grant(connection, asker, signer, grant, group.as_ref())
        }
        Command::DeleteActor => remote_actors::forget(connection, asker, signer),
        // Federation fetched the document again before it came here.
        Command::UpdateActor | Command::Shared { .. } | Command::Ignored(_) => Ok(()),
    }
}

/// Grants are given and taken by a server's instance actor, not by its people or groups.
fn from_the_house(signer: &Actor) -> Result<()> {
    match signer.kind {
        ActorKind::Service => Ok(()),
        ActorKind::Person | ActorKind::Group => Err(Error::Denied(Reason::NotAdministrator)),
    }
}

fn end_grant(
    connection: &mut Connection,
    asker: &Asker,
    signer: &Actor,
    grant: &Uri,
    group: Option<&Uri>,
) -> Result<()> {
    from_the_house(signer)?;
    let group = match group {
        Some(group) => storage::groups::find_by_uri(connection, group)?.map(|group| group.id),
        None => None,
    };
    grants::receive::receive_end(connection, signer.uri.host(), grant, group, asker.now).map(drop)
}

/// The group a comment belongs to is its parent's, whatever it says of itself.
fn ground_of(connection: &mut Connection, post: &ReceivedPost) -> Result<Ground> {
    let Some(parent) = find_parent(connection, post)? else {
        let group = find_group(connection, post.group.as_ref().ok_or(Error::NotFound)?)?;
        return Ok(Ground {
            group,
            parent: None,
        });
    };
    let group = access::find_group_of(connection, &parent)?.ok_or(Error::NotFound)?;
    Ok(Ground {
        group,
        parent: Some(parent),
    })
}

/// What a post answers, which has to be here.
fn find_parent(connection: &mut Connection, post: &ReceivedPost) -> Result<Option<Post>> {
    match &post.parent {
        Some(parent) => {
            let found = storage::posts::find_by_uri(connection, parent)?;
            Ok(Some(found.ok_or(Error::NotFound)?))
        }
        None => Ok(None),
    }
}

/// What a group elsewhere passes on happened in it: its house vouches, and policy lets the house
/// speak for its own groups only.
fn announced(
    connection: &mut Connection,
    asker: &Asker,
    signer: &Actor,
    by: &Uri,
    activity: &Uri,
    command: &Command,
) -> Result<()> {
    let group = find_group(connection, &signer.uri)?;
    let by = storage::actors::find_by_uri(connection, by)?.ok_or(Error::NotFound)?;
    match command {
        // Our own people's posts come back as a sign that the group took them: they are here.
        _ if by.is_local() => Ok(()),
        Command::CreatePost(post) => {
            let parent = find_parent(connection, post)?;
            if parent
                .as_ref()
                .is_some_and(|parent| parent.group != Some(group.id))
            {
                return Err(Error::NotFound);
            }
            let ground = Ground { group, parent };
            posts::receive(connection, asker, &by, ground, post, None)
        }
        Command::UpdatePost(post) => posts::receive_update(connection, asker, &by, post, None),
        Command::DeleteObject { object, removal } => {
            let by = match by.id == group.actor.id && !removal {
                true => author_elsewhere(connection, object, activity)?.unwrap_or(by),
                false => by,
            };
            posts::receive_delete(connection, asker, &by, object, *removal, None)
        }
        Command::RestoreObject { object } => {
            posts::receive_restore(connection, asker, &by, object, None)
        }
        Command::LockTopic { object } => posts::receive_lock(connection, asker, object, true, None),
        Command::UnlockTopic { object } => {
            posts::receive_lock(connection, asker, object, false, None)
        }
        Command::Like { like, object } => {
            reactions::receive_like(connection, asker, &by, like, object, None)
        }
        Command::Unlike { object } => {
            reactions::receive_unlike(connection, asker, &by, object, None)
        }
        _ => Ok(()),
    }
}

/// Who wrote a post of another server than ours, where the activity is of that server too: then its
/// author took it back, and the text goes. Of our own people's posts a group elsewhere can only say
/// that they are out of the group.
fn author_elsewhere(
    connection: &mut Connection,
    post: &Uri,
    activity: &Uri,
) -> Result<Option<Actor>> {
    let Some(post) = storage::posts::find_by_uri(connection, post)? else {
        return Ok(None);
    };
    let author = storage::actors::find(connection, post.author)?;
    Ok(author.filter(|author| author.host.as_ref() == Some(activity.host())))
}

/// Whether what somebody of a third server proved to have said was said in the group that passes it
/// on: no group may carry words from one place to another. What moderates is the group's to say,
/// whoever its moderator is.
fn check_place(
    connection: &mut Connection,
    group: &Actor,
    by: &Uri,
    command: &Command,
) -> Result<()> {
    let state = storage::partners::find_state(connection, by.host())?;
    if state == Some(PartnerState::Blocked) && !command.moderates() {
        return Err(Error::Denied(Reason::PartnerBlocked));
    }
    let object = match command {
        Command::CreatePost(post) | Command::UpdatePost(post) => {
            if post.group.as_ref() != Some(&group.uri) {
                return Err(Error::Denied(Reason::NotAuthor));
            }
            &post.uri
        }
        Command::DeleteObject { object, .. }
        | Command::RestoreObject { object }
        | Command::LockTopic { object }
        | Command::UnlockTopic { object }
        | Command::Like { object, .. }
        | Command::Unlike { object } => object,
        _ => return Err(Error::Denied(Reason::NotAuthor)),
    };
    let post = storage::posts::find_by_uri(connection, object)?;
    match post {
        Some(post) if post.group != Some(group.id.group()) => Err(Error::NotFound),
        Some(_) | None => Ok(()),
    }
}

/// Applies what was fetched from a group's own server, as if the group had just told it; how many
/// took effect. What is here already stays as it is.
pub async fn apply_fetched(app: &App, group: &Actor, commands: Vec<Command>) -> Result<usize> {
    let asker = app.asker(access::viewer_of(group));
    let group = group.clone();
    app.db
        .write_patiently("apply_fetched", move |connection| {
            let mut applied = 0;
            for command in commands {
                let outcome = storage::savepoint(connection, |connection| {
                    effect(connection, &asker, &group, &command, None)
                });
                match outcome {
                    Ok(()) => applied += 1,
                    Err(Error::Internal(source)) => return Err(Error::Internal(source)),
                    Err(error) => tracing::debug!(%error, "something fetched changed nothing"),
                }
            }
            Ok(applied)
        })
        .await
}
