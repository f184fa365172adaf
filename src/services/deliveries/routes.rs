//! In which form news of a group of ours reach each server, by the dialect it takes part in groups in.
//!
//! Servers that know groups get what was done, wrapped by the group. Microblog servers make nothing of
//! that: of a public group they get its topics as boosts (and its comments, where the group wants it), and of
//! the rest, unwrapped, what somebody here did to a post that they show. They show public posts only: of other
//! groups they get copies that the group posts itself (`copies`), or else what all get.

use std::collections::HashMap;

use crate::domain::{Actor, Boosts, EventKind, Group, GroupDialect, Host, Post, Uri};
use crate::services::deliveries::news::{GroupTelling, News};

/// News in one form, and the servers (with their inboxes) that get them so.
pub(super) type Route = (GroupTelling, Vec<(Host, Uri)>);

/// What decides who gets which form.
pub(super) struct Matter<'a> {
    pub kind: EventKind,
    pub post: &'a Post,
    /// To whom it is said: who wrote what is answered or liked.
    pub addressee: Option<Actor>,
    pub dialects: &'a HashMap<Host, GroupDialect>,
    /// Its author does not want the group to boost it.
    pub reserves_boosts: bool,
    /// The group boosted it, as far as is known.
    pub was_boosted: bool,
}

/// Who gets what.
pub(super) struct Shares {
    pub routes: Vec<Route>,
    /// Those that get the group's copies.
    pub copied: Vec<(Host, Uri)>,
}

/// Shares the destinations of what a group of ours tells out among the forms.
pub(super) fn routes(
    wrapped: GroupTelling,
    destinations: Vec<(Host, Uri)>,
    matter: Matter<'_>,
) -> Shares {
    let (public, mirrored) = (wrapped.group.is_public(), wrapped.group.is_mirrored());
    let boost = matter.boost(&wrapped.group);
    let (mut to_groups, mut to_boosted, mut to_told) = (Vec::new(), Vec::new(), Vec::new());
    let mut copied = Vec::new();
    for destination in destinations {
        let dialect = matter.dialect(&destination.0);
        if boost.is_some() && dialect.has_boosts() {
            to_boosted.push(destination.clone());
        }
        if matter.is_copied(&wrapped.group) && dialect.has_boosts() {
            copied.push(destination.clone());
        }
        if matter.kind == EventKind::MirrorTakenBack {
            continue;
        }
        if dialect != GroupDialect::Boosts || !public && !mirrored {
            to_groups.push(destination);
        } else if public && matter.concerns(&wrapped.news, &wrapped.group, &destination.0) {
            to_told.push(destination);
        }
    }
    let plain = |news, addressee| GroupTelling {
        news,
        announced: false,
        addressee,
        ..wrapped.clone()
    };
    let boosted = boost
        .filter(|_| !to_boosted.is_empty())
        .map(|news| (plain(news, None), to_boosted));
    let told = match to_told.is_empty() {
        true => None,
        false => Some((plain(wrapped.news.clone(), matter.addressee), to_told)),
    };
    let wrapped = match to_groups.is_empty() {
        true => None,
        false => Some((wrapped, to_groups)),
    };
    Shares {
        routes: [wrapped, boosted, told].into_iter().flatten().collect(),
        copied,
    }
}

/// What is told of no post is for servers that know groups: of a public group the others get boosts and
/// nothing wrapped.
pub(super) fn without_microblogs(
    (telling, mut destinations): Route,
    dialects: &HashMap<Host, GroupDialect>,
) -> Route {
    if telling.group.is_public() {
        destinations.retain(|(host, _)| dialects.get(host) != Some(&GroupDialect::Boosts));
    }
    (telling, destinations)
}

impl Matter<'_> {
    fn dialect(&self, host: &Host) -> GroupDialect {
        let known = self.dialects.get(host).copied();
        known.unwrap_or(GroupDialect::Activities)
    }

    /// What the group says with a boost: of topics, and of comments where it wants to. It is taken back also
    /// when the group is not public any more, or boosts no more comments. One that is restored is boosted once
    /// more, under the same id.
    fn boost(&self, group: &Group) -> Option<News> {
        let post = self.post.uri.clone();
        let id = self.post.id;
        match self.kind {
            EventKind::PostCreated | EventKind::PostRestored if self.is_boosted(group) => {
                Some(News::Boosted { id, post })
            }
            EventKind::PostDeleted | EventKind::PostRemoved if self.was_boosted => {
                Some(News::Unboosted { id, post })
            }
            _ => None,
        }
    }

    fn is_boosted(&self, group: &Group) -> bool {
        let wanted = self.post.is_topic() || group.outreach.boosts == Boosts::All;
        group.is_public() && wanted && !self.reserves_boosts
    }

    /// Whether the group's copy of the post is, or may be, at servers that know no groups.
    fn is_copied(&self, group: &Group) -> bool {
        let over = matches!(
            self.kind,
            EventKind::PostDeleted | EventKind::PostRemoved | EventKind::MirrorTakenBack
        );
        over || group.is_mirrored()
    }

    /// Whether a microblog server is told, in the words of who did it: somebody of this house, and
    /// either to what every such server was shown, or to somebody there.
    fn concerns(&self, news: &News, group: &Group, host: &Host) -> bool {
        if news.speaker().is_none() {
            return false;
        }
        let addressee = self.addressee.as_ref();
        let addressed = addressee.is_some_and(|person| person.host.as_ref() == Some(host));
        match self.kind {
            EventKind::PostUpdated => self.is_boosted(group) || addressed,
            EventKind::PostDeleted | EventKind::PollCounted => self.was_boosted || addressed,
            EventKind::PostCreated => !self.post.is_topic() && addressed,
            EventKind::Liked | EventKind::Unliked | EventKind::Voted => addressed,
            _ => false,
        }
    }
}
