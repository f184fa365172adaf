//! Who is told of what people do outside groups: followers' servers of what stands on a profile here,
//! the person elsewhere on whose profile something was answered, and who is followed or follows.

use super::Planner;
use crate::domain::{
    Actor, ActorId, ActorState, DeliveryGround, Event, EventKind, Host, Post, Uri,
};
use crate::error::{Error, Result};
use crate::policy::Reason;
use crate::services::access;
use crate::services::deliveries::destinations::address;
use crate::services::deliveries::news::{ProfileNews, ProfileTelling, Telling};
use crate::services::posts::ProfilePost;
use crate::storage::deliveries::NewMessage;
use crate::storage::{self, Connection};

type Servers = Vec<(Host, Uri)>;

impl Planner<'_> {
    /// Somebody here asks to follow, follows no more, or answers who asked.
    pub(super) fn plan_follow(
        &mut self,
        connection: &mut Connection,
        event: &Event,
    ) -> Result<Vec<NewMessage>> {
        let by = self.doer(connection, event)?;
        let other = event.object.map(ActorId).ok_or_else(|| lacks(event))?;
        let other = storage::actors::find(connection, other)?.ok_or_else(|| lacks(event))?;
        let destinations = address(&other);
        if destinations.is_empty() {
            return Ok(Vec::new());
        }
        let whom = other.uri.clone();
        let follow = || event.activity.as_deref().unwrap_or_default().parse::<Uri>();
        let (news, ground) = match event.kind {
            EventKind::FollowRequested => {
                // Gone again before it was told: there is nothing to ask for.
                let Some(asked) = storage::follows::find(connection, by.id, other.id)? else {
                    return Ok(Vec::new());
                };
                let follow = asked.uri;
                let news = ProfileNews::FollowRequested { follow, whom };
                (news, DeliveryGround::Addressed)
            }
            EventKind::Unfollowed => {
                let follow = follow()?;
                let news = ProfileNews::Unfollowed { follow, whom };
                (news, DeliveryGround::Retraction)
            }
            EventKind::FollowAccepted => {
                let (follow, follower) = (follow()?, whom);
                let news = ProfileNews::FollowAccepted { follow, follower };
                (news, DeliveryGround::Addressed)
            }
            _ => {
                let (follow, follower) = (follow()?, whom);
                let news = ProfileNews::FollowRejected { follow, follower };
                (news, DeliveryGround::Retraction)
            }
        };
        let lane = by.id.0;
        let message = self.say(connection, event, by, news, ground, lane, destinations)?;
        Ok(vec![message])
    }

    /// Something happened to a post on a profile.
    pub(super) fn plan_on_profile(
        &mut self,
        connection: &mut Connection,
        event: &Event,
    ) -> Result<Vec<NewMessage>> {
        let post = match event.post {
            Some(post) => self.known.post(connection, post)?.cloned(),
            None => None,
        };
        let Some(post) = post.filter(|post| post.audience.is_on_profile()) else {
            return Ok(Vec::new());
        };
        let by = self.doer(connection, event)?;
        // What somebody elsewhere did, their own server tells whom it concerns.
        if !by.is_local() {
            return Ok(Vec::new());
        }
        let lane = match by.state {
            ActorState::Deleted => by.id.0,
            _ => post.topic.0,
        };
        let like = || event.activity.as_deref().unwrap_or_default().parse::<Uri>();
        let (news, ground, destinations) = match event.kind {
            EventKind::PostCreated | EventKind::PostUpdated => {
                let told = self.profile_post(connection, &post)?;
                let (ground, destinations) = match told.owner.is_local() {
                    true => {
                        let followers = self.followers_servers(connection, &told.owner, &post)?;
                        let getting = self.about_to_get.entry(post.id).or_default();
                        getting.extend(followers.iter().cloned());
                        (DeliveryGround::News, followers)
                    }
                    false => (DeliveryGround::Addressed, answered_servers(&told)),
                };
                let news = match event.kind {
                    EventKind::PostCreated => ProfileNews::Posted(told),
                    _ => ProfileNews::Edited(told),
                };
                (news, ground, destinations)
            }
            EventKind::PostDeleted => {
                let told = self.profile_post(connection, &post)?;
                let got = storage::deliveries::list_hosts_that_got(connection, post.id)?;
                let mut hosts = self.about_to_get.get(&post.id).cloned().unwrap_or_default();
                hosts.extend(got);
                if !told.owner.is_local() {
                    hosts.extend(answered_servers(&told));
                }
                let hosts = hosts.into_iter().collect();
                (
                    ProfileNews::Deleted(told),
                    DeliveryGround::Retraction,
                    hosts,
                )
            }
            EventKind::Liked => {
                let author = self.author(connection, &post)?;
                let Some(like) = storage::reactions::find(connection, post.id, by.id)? else {
                    return Ok(Vec::new());
                };
                let (destinations, post) = (address(&author), post.uri.clone());
                let news = ProfileNews::Liked { like, post, author };
                (news, DeliveryGround::Addressed, destinations)
            }
            EventKind::Unliked => {
                let author = self.author(connection, &post)?;
                let (destinations, post) = (address(&author), post.uri.clone());
                let like = like()?;
                let news = ProfileNews::Unliked { like, post, author };
                (news, DeliveryGround::Retraction, destinations)
            }
            _ => return Ok(Vec::new()),
        };
        if destinations.is_empty() {
            return Ok(Vec::new());
        }
        let message = self.say(connection, event, by, news, ground, lane, destinations)?;
        Ok(vec![message])
    }

    pub(super) fn doer(&mut self, connection: &mut Connection, event: &Event) -> Result<Actor> {
        let by = self.known.actor(connection, event.actor)?.cloned();
        by.ok_or_else(|| lacks(event))
    }

    pub(super) fn author(&mut self, connection: &mut Connection, post: &Post) -> Result<Actor> {
        let author = self.known.actor(connection, post.author)?.cloned();
        author.ok_or_else(|| Error::internal(format!("post {} has no author", post.id)))
    }

    fn profile_post(&mut self, connection: &mut Connection, post: &Post) -> Result<ProfilePost> {
        ProfilePost::load(connection, self.asker, self.addresses, post.clone())
    }

    /// The followers' servers that may get it, and those of paused partners, for which it is kept.
    fn followers_servers(
        &self,
        connection: &mut Connection,
        owner: &Actor,
        post: &Post,
    ) -> Result<Servers> {
        let mut allowed = Vec::new();
        for (host, inbox) in storage::follows::list_follower_hosts(connection, owner.id)? {
            let answer = access::may_receive_profile_post(connection, self.asker, &host, post)?;
            let reason = answer.err().map(|refusal| refusal.reason);
            if matches!(
                reason,
                None | Some(Reason::PartnershipPaused | Reason::Stopped)
            ) {
                allowed.push((host, inbox));
            }
        }
        Ok(allowed)
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one message")]
    pub(super) fn say(
        &mut self,
        connection: &mut Connection,
        event: &Event,
        by: Actor,
        news: ProfileNews,
        ground: DeliveryGround,
        lane: i64,
        destinations: Servers,
    ) -> Result<NewMessage> {
        let pens = self.pens(connection, None, &by)?;
        let signer = by.id;
        let telling = ProfileTelling {
            event: event.id,
            by,
            news,
        };
        let telling = Telling::Profile(Box::new(telling));
        let rendered = (self.render)(self.addresses, &telling, &pens)?;
        Ok(NewMessage {
            event: event.id,
            activity: rendered.id,
            body: rendered.body,
            revision: rendered.revision,
            signer,
            ground,
            group: event.group,
            post: event.post,
            lane,
            destinations,
        })
    }
}

/// The servers of those elsewhere to whom an answer is said: whose profile it is on, and whom it answers.
fn answered_servers(told: &ProfilePost) -> Servers {
    let mut servers = address(&told.owner);
    if let Some((_, author)) = &told.answered {
        let others = address(author);
        servers.extend(
            others
                .into_iter()
                .filter(|(host, _)| told.owner.host.as_ref() != Some(host)),
        );
    }
    servers
}

fn lacks(event: &Event) -> Error {
    Error::internal(format!("event {} lacks what it tells of", event.id))
}
