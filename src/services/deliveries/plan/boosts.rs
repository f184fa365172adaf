//! Who is told that somebody here passed a post on: their followers' servers, and who wrote it. And who is
//! answered that asked whether they may do something with what somebody here wrote.

use std::collections::BTreeMap;

use super::Planner;
use crate::domain::{ActorId, Audience, DeliveryGround, Event, EventKind, Host, Post, Uri};
use crate::error::{Error, Result};
use crate::policy::{self, Reason};
use crate::services::deliveries::destinations::address;
use crate::services::deliveries::news::ProfileNews;
use crate::services::{access, approvals};
use crate::storage::deliveries::NewMessage;
use crate::storage::{self, Connection};

impl Planner<'_> {
    /// A boost goes as far as the house lets posts on profiles go; its end wherever it went.
    pub(super) fn plan_boost(
        &mut self,
        connection: &mut Connection,
        event: &Event,
    ) -> Result<Vec<NewMessage>> {
        let by = self.doer(connection, event)?;
        let post = match event.post {
            Some(post) => self.known.post(connection, post)?.cloned(),
            None => None,
        };
        let post =
            post.ok_or_else(|| Error::internal(format!("event {} has no post", event.id)))?;
        let author = self.author(connection, &post)?;
        let public = match policy::widest_audience(self.asker.house) {
            Audience::Public => true,
            Audience::Followers => false,
            Audience::Profile | Audience::Group | Audience::Aside | Audience::Direct => {
                return Ok(Vec::new());
            }
        };
        let (uri, author_uri) = (post.uri.clone(), author.uri.clone());
        let (news, ground, destinations) = match event.kind {
            EventKind::Boosted => {
                // Taken back before it was told.
                let Some(boost) = storage::boosts::find_of(connection, post.id, by.id)? else {
                    return Ok(Vec::new());
                };
                let mut servers: BTreeMap<Host, Uri> = address(&author).into_iter().collect();
                servers.extend(storage::follows::list_follower_hosts(connection, by.id)?);
                let news = ProfileNews::Boosted {
                    announce: boost.uri,
                    post: uri,
                    author: author_uri,
                    public,
                };
                let told = self.who_may_hear(connection, &post, servers)?;
                (news, DeliveryGround::Boost, told)
            }
            _ => {
                let announce: Uri = event.activity.as_deref().unwrap_or_default().parse()?;
                let got =
                    storage::deliveries::list_hosts_of_activity(connection, post.id, &announce)?;
                let news = ProfileNews::Unboosted {
                    announce,
                    post: uri,
                    author: author_uri,
                    public,
                };
                (news, DeliveryGround::Retraction, got)
            }
        };
        if destinations.is_empty() {
            return Ok(Vec::new());
        }
        let lane = post.topic.0;
        let message = self.say(connection, event, by, news, ground, lane, destinations)?;
        Ok(vec![message])
    }

    /// Who wrote something answers who asked what they may do with it.
    pub(super) fn plan_answer(
        &mut self,
        connection: &mut Connection,
        event: &Event,
    ) -> Result<Vec<NewMessage>> {
        let by = self.doer(connection, event)?;
        let answer = approvals::read_answer(event.activity.as_deref().unwrap_or_default())?;
        let asker = match event.object {
            Some(asker) => storage::actors::find(connection, ActorId(asker))?,
            None => None,
        };
        let destinations = asker.as_ref().map(address).unwrap_or_default();
        if destinations.is_empty() {
            return Ok(Vec::new());
        }
        let news = ProfileNews::InteractionAnswered {
            asked: answer.asked,
            by: answer.by,
            approval: answer.approval,
        };
        let (ground, lane) = (DeliveryGround::Addressed, by.id.0);
        let message = self.say(connection, event, by, news, ground, lane, destinations)?;
        Ok(vec![message])
    }

    /// The servers that may be told, and those of paused partners, for which it is kept.
    fn who_may_hear(
        &self,
        connection: &mut Connection,
        post: &Post,
        servers: BTreeMap<Host, Uri>,
    ) -> Result<Vec<(Host, Uri)>> {
        let mut told = Vec::new();
        for (host, inbox) in servers {
            let answer = access::may_hear_of_boost(connection, self.asker, &host, post)?;
            let reason = answer.err().map(|refusal| refusal.reason);
            if matches!(
                reason,
                None | Some(Reason::PartnershipPaused | Reason::Stopped)
            ) {
                told.push((host, inbox));
            }
        }
        Ok(told)
    }
}
