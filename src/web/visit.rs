//! Who looks at a page, and what the frame around it shows.

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::web::{Data, Query};
use actix_web::{FromRequest, HttpRequest};
use serde::Deserialize;
use tokio::sync::OnceCell;

use crate::app::App;
use crate::auth::{Csrf, MaybeSignedIn, SignedIn};
use crate::domain::text_enum::text_enum;
use crate::domain::{Account, SessionId, Timestamp};
use crate::error::Result;
use crate::policy::Viewer;
use crate::services::proposals::Decided;
use crate::services::{duties, house};
use crate::web::administration;
use crate::web::errors::{Problem, Told};
use crate::web::parts;
use crate::web::views::{Page, ViewerBar};

/// What all pages have in common and what does not change while the server runs.
#[derive(Debug, Default)]
pub struct House {
    organization: OnceCell<String>,
}

impl House {
    pub async fn organization(&self, app: &App) -> Result<&str> {
        let name = self
            .organization
            .get_or_try_init(|| house::organization(app));
        name.await.map(String::as_str)
    }
}

text_enum! {
    /// What was just done, for the page one is led to afterwards: a word of ours in the address, so
    /// that nobody's link can make a page say something else.
    Notice ("done") {
        Saved = "saved",
        Created = "created",
        Joined = "joined",
        Asked = "asked",
        Left = "left",
        LetIn = "let-in",
        Refused = "refused",
        PutOut = "put-out",
        Added = "added",
        Invited = "invited",
        ColleagueInvited = "colleague-invited",
        Suggested = "suggested",
        Withdrawn = "withdrawn",
        Banned = "banned",
        BanLifted = "ban-lifted",
        AskedThere = "asked-there",
        MoveOffered = "move-offered",
        MoveAccepted = "move-accepted",
        MoveCalledOff = "move-called-off",
        Archived = "archived",
        Unarchived = "unarchived",
        Granted = "granted",
        GrantRemoved = "grant-removed",
        Reported = "reported",
        Resolved = "resolved",
        RuleMade = "rule-made",
        RuleRemoved = "rule-removed",
        LetOut = "let-out",
        KeptInside = "kept-inside",
        Partnered = "partnered",
        Password = "password",
        SignedOutThere = "signed-out-there",
        Revoked = "revoked",
        Following = "following",
        FollowAsked = "follow-asked",
        Unfollowed = "unfollowed",
        MovedAway = "moved-away",
        FollowerLetIn = "follower-let-in",
        FollowerGone = "follower-gone",
        AskedBack = "asked-back",
        Retrying = "retrying",
        Asking = "asking",
        Discarded = "discarded",
        Deleted = "deleted",
        Proposed = "proposed",
        Confirmed = "confirmed",
        Rejected = "rejected",
        Stopped = "stopped",
        Released = "released",
        KeysRotated = "keys-rotated",
        KeysRotating = "keys-rotating",
    }
}

impl Notice {
    /// What is said of something that was done, or waits for a second administrator.
    pub fn of<T>(decided: &Decided<T>, done: Self) -> Self {
        match decided {
            Decided::Done(_) => done,
            Decided::Proposed(_) => Self::Proposed,
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::Saved => "Saved.",
            Self::Created => "Created.",
            Self::Joined => "You are a member now.",
            Self::Asked => {
                "You asked to join. You will be let in, or not, by somebody of the group."
            }
            Self::Left => "Done: you are not a member.",
            Self::LetIn => "Let in.",
            Self::Refused => "Refused.",
            Self::PutOut => "Not a member any more.",
            Self::Added => "Added: a member from now on.",
            Self::Invited => {
                "Invited: their server is told, and they are let in at once when they join from there."
            }
            Self::ColleagueInvited => {
                "Invited: they see the group now, and are in as soon as they join it."
            }
            Self::Suggested => "Suggested: a moderator of the group decides.",
            Self::Withdrawn => "The invitation is taken back.",
            Self::Banned => "Banned: not a member any more, and cannot join.",
            Self::BanLifted => "The ban is lifted: they may join again.",
            Self::MoveOffered => {
                "They are asked to take the group. Until they do, nothing changes."
            }
            Self::AskedThere => {
                "The organization where the group lives is asked. What it answers is on the group's page."
            }
            Self::MovedAway => "Your followers are told where you are now.",
            Self::MoveCalledOff => "Nothing moves. The other organization is told.",
            Self::MoveAccepted => "The group is yours now: its people come in by themselves.",
            Self::Archived => "The group is archived: everybody who could read it still can.",
            Self::Unarchived => "The group is open for writing again.",
            Self::Granted => "The group is open to that partner, as far as its boundary allows.",
            Self::GrantRemoved => "The grant is gone, with every right it gave.",
            Self::Partnered => "You are partners.",
            Self::Reported => "Reported: the moderators will look at it.",
            Self::Resolved => "Resolved.",
            Self::RuleMade => "The rule counts from now on.",
            Self::RuleRemoved => {
                "The rule is gone. What it holds waits until somebody looked at it."
            }
            Self::LetOut => "It is let out now.",
            Self::KeptInside => "It stays inside. Its author reads why.",
            Self::Password => {
                "Your password is changed. All other browsers and clients are signed out."
            }
            Self::SignedOutThere => "Signed out there.",
            Self::Revoked => "Revoked.",
            Self::Following => "You follow them now.",
            Self::FollowAsked => "You asked to follow them. They let you in, or not.",
            Self::Unfollowed => "Done: you do not follow them.",
            Self::FollowerLetIn => "Let in: they follow you now.",
            Self::FollowerGone => "Done: they do not follow you.",
            Self::AskedBack => "They are asked to delete it.",
            Self::Retrying => "It is tried again now.",
            Self::Asking => "It is asked now whether it takes something.",
            Self::Discarded => "Given up for good.",
            Self::Deleted => {
                "Deleted. Where it was sent to other organizations, they are asked to delete it too."
            }
            Self::Proposed => {
                "Proposed: nothing changes until another administrator confirms it, under Proposals."
            }
            Self::Confirmed => "Confirmed and done.",
            Self::Rejected => "Rejected: nothing changes.",
            Self::Stopped => "Stopped: nothing goes in or out until an administrator releases it.",
            Self::Released => "Released: what waited goes out now.",
            Self::KeysRotated => "New keys are made; the old ones are published for a while.",
            Self::KeysRotating => {
                "New keys are being made, one after the other; the audit log says whose are done."
            }
        }
    }
}

/// Somebody who looks at a page, signed in or not.
pub struct Visit {
    pub app: App,
    pub signed_in: Option<SignedIn>,
    organization: String,
    csrf: String,
    path: String,
    address: String,
    notice: Option<Notice>,
}

#[derive(Deserialize)]
struct Done {
    done: Option<String>,
}

impl Visit {
    pub fn viewer(&self) -> Viewer {
        let viewer = self.signed_in.as_ref().map(|one| one.viewer.clone());
        viewer.unwrap_or(Viewer::Anonymous)
    }

    pub fn now(&self) -> Timestamp {
        self.app.clock.now()
    }

    /// The frame of a page.
    pub async fn page(&self, title: impl Into<String>) -> Result<Page> {
        let viewer = match &self.signed_in {
            Some(signed_in) => Some(self.bar(signed_in).await?),
            None => None,
        };
        // Where signing in returns to; for who is signed in, where one is.
        let path = match viewer {
            Some(_) => &self.path,
            None => &self.address,
        };
        Ok(Page {
            title: title.into(),
            organization: self.organization.clone(),
            csrf: self.csrf.clone(),
            viewer,
            notice: self.notice.map(|notice| notice.sentence().to_owned()),
            problem: None,
            path: path.clone(),
        })
    }

    /// The frame of a page that is shown again because something went wrong, or else of a plain one.
    pub async fn page_told(&self, title: impl Into<String>, told: Option<&Told>) -> Result<Page> {
        let problem = told.map(|told| told.sentence.clone());
        let page = self.page(title).await?;
        Ok(Page { problem, ..page })
    }

    async fn bar(&self, signed_in: &SignedIn) -> Result<ViewerBar> {
        let waiting = duties::count(&self.app, &signed_in.viewer).await?;
        let places = administration::places(&self.app, &signed_in.viewer, &waiting);
        Ok(ViewerBar {
            name: signed_in.account.actor.title().to_owned(),
            handle: signed_in.account.actor.name.clone(),
            is_admin: signed_in.viewer.is_administrator(),
            pending: parts::count(waiting.in_groups.requests),
            reports: parts::count(waiting.in_groups.reports),
            held: parts::count(waiting.in_groups.held),
            places_in_bar: administration::fit_in_bar(&places),
            places,
        })
    }

    async fn of(request: &HttpRequest) -> Result<Self, actix_web::Error> {
        let app = Data::<App>::extract(request).await?;
        let house = Data::<House>::extract(request).await?;
        let MaybeSignedIn(signed_in) = MaybeSignedIn::extract(request).await?;
        let organization = house.organization(&app).await.map_err(Problem::from)?;
        let csrf = match &signed_in {
            Some(_) => Csrf::extract(request).await?.token().to_owned(),
            // Pages that visitors see have no forms; the one that has makes its own token.
            None => String::new(),
        };
        let done = Query::<Done>::from_query(request.query_string());
        let notice = done.ok().and_then(|query| query.into_inner().done);
        Ok(Self {
            organization: organization.to_owned(),
            app: App::clone(&app),
            signed_in,
            csrf,
            path: request.path().to_owned(),
            address: request.uri().to_string(),
            notice: notice.and_then(|word| word.parse().ok()),
        })
    }
}

impl FromRequest for Visit {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, actix_web::Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::of(&request).await })
    }
}

/// Somebody with an account. Anybody else is sent to sign in, whatever the address.
pub struct Member {
    visit: Visit,
    pub account: Account,
    pub session: SessionId,
}

impl Deref for Member {
    type Target = Visit;

    fn deref(&self) -> &Visit {
        &self.visit
    }
}

impl FromRequest for Member {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, actix_web::Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let signed_in = SignedIn::extract(&request).await?;
            Ok(Self {
                visit: Visit::of(&request).await?,
                account: signed_in.account,
                session: signed_in.session.id,
            })
        })
    }
}
