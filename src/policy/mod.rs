//! Who may see and do what. Pure: plain values in, a verdict out; time is a fact like any other.
//!
//! Every way into the house asks here and nowhere else. [`decide`] answers one question,
//! [`permit`] turns a yes into a proof that storage demands before it writes, and [`scope()`]
//! describes everything a viewer may read, for lists.
//!
//! # Cases the rules leave open, and how they are decided
//! Deny is the default; these are written down so that somebody can object.
//!
//! The boundary:
//! - People from servers without a partnership may look at public groups (in open mode) but not
//!   join or write in them, and get no deliveries.
//! - Public pages and open federation are two doors: in closed mode a stranger's server reads
//!   nothing of a public group although a browser does.
//! - A partner's person who is banned from an open group reads nothing of it by federation, not
//!   even when the group is public; banned colleagues read what colleagues read.
//! - Of a group that is not public, a partner's server gets nothing and its people do nothing while
//!   its software is not known to show posts only to those they are for, and no administrator said that
//!   it may all the same. That the group is there, a grant shows them nevertheless; that is how they learn why.
//! - A server that knows no groups (and that an administrator trusts) sees of a group that is copied for
//!   such servers, in whatever form, what people here wrote who let it be copied, and what its own people
//!   wrote; nobody there does anything with the rest. Public groups are copied for nobody.
//! - With *apart*, a partner reads what people here wrote, and its people what they wrote
//!   themselves: the facts do not say which other server a post is from. "Shared by the house"
//!   does not exist yet. Rosters are shown; who lists them leaves the other partners' people out.
//! - Outsiders read a direct message only in a group here whose counting grant has `reply`; outside
//!   groups the facts cannot tell whether one is shared, so nothing goes out.
//! - Deletes and retractions travel by the ledger, not by [`Action::Receive`].
//! - What came from elsewhere is thrown away here when its house asks: that of its author, or that of the group it was shown in
//!   ([`permit_take_back`]), also after the partnership. What people here wrote, nobody takes back for them.
//! - An emergency stop (of a group, of what goes between us and one server, or of everything) takes from
//!   everybody outside what they could see and do there, anonymous visitors included; a no stays the no it
//!   was. Guests have accounts here and are not outside. Colleagues act in groups elsewhere as while a
//!   partnership is paused: not at all. What authors take back waits with everything else.
//! - Where the house wants four eyes, who confirms is an administrator and another person than who proposed,
//!   by whatever session or token. The command line is one person. That one person has two accounts, nobody here can know.
//!
//! Groups elsewhere:
//! - A group elsewhere whose grant to us has expired, was taken back, or whose house is no longer
//!   a partner, is hidden from everybody here; while the partnership is paused it is read only.
//! - Where its house told us of no grant (other software), it decides itself what it accepts; but
//!   nobody here invites to it.
//! - Who asked to join one still sees it while waiting, even when it is secret: that is how an
//!   invitation is accepted. Guests come in by invitation only.
//! - The server of its house may read, and is sent, what people here wrote, nothing else. Other
//!   servers and all people elsewhere, those of its house too, are not told that we know it: who
//!   may read it, only its house knows. Of whom it says that they do, they read what people here
//!   wrote for the group, and nothing else: no group, no roster, no list, and they may do nothing.
//! - The server of its house speaks for it: what it says was written, attached, changed, liked or removed
//!   there, was, and is not asked for again as of the person who did it. Also in a group that is
//!   locked or archived; not while the partnership is paused; never about asides and direct
//!   messages. Nobody else speaks for a group elsewhere, but authors may always delete.
//! - It is moderated and managed on its own server, and a topic locked there is locked for
//!   everybody here.
//!
//! People:
//! - A post one may not read is answered like an unknown one even when its group is known.
//! - Who is a member is not shown to the public, even where posts are.
//! - Voting in a poll is reacting: whoever may like a post may vote in it, its author too. One votes
//!   once (once for each option, where several may be chosen) and before the end; a vote is not taken
//!   back, but goes with who is erased. That, and whether the option is there, [`crate::domain::Poll::admit`] says.
//! - Who chose what is told to nobody, moderators and administrators included. How many did, everybody
//!   reads who reads the post, but outside this house only of groups where no partners are kept apart.
//! - A file that was uploaded and is in no post yet is its owner's alone ([`reads_upload`]); once it is in one,
//!   whoever is shown the post's text may have it, and nobody else.
//! - *Locked* means for moderators only in every way: commenting, attaching, reacting, editing.
//! - *Archived* means read only for moderators too; owners and administrators can open it again.
//! - Members of open groups may suggest people: [`invitation_outcome`] makes that a request.
//!   That a partner's person (or a member here, of a group elsewhere) names only people of the
//!   own organization is checked by who invites, since the invited person is not among the facts. So is that
//!   such an invitation gives no role, undoes no ban, and does not pass by moderators who look first (*first contact*).
//! - A secret group cannot be public ([`stage_fits`]). Should one be, it counts as open to partners.
//! - Passed on (boosted) is only what everybody may read: posts of open groups at the public stage, and posts for
//!   everybody on profiles; where its author lets it be. Who is told of it must be a server we speak with that may read
//!   the post, asked again before it leaves ([`hears_of_boost`]). Bookmarks are one's own: who reads a post may mark it.
//! - A closed group at the public stage shows its profile; its posts stay in and are not passed on.
//! - People are found by name by colleagues, and by guests who share a group with them; strangers
//!   and partners find nobody by name, but read who wrote what they may read.
//! - Guests do not make this server ask other servers who somebody is.
//! - Guests may moderate but not manage a group or change its boundary, and create none.
//! - Who may read a visible post may report it, in archived groups, too, but from elsewhere only
//!   under a grant; a server reports what it may read, for its people. Moderators of the group, and administrators, read the reports; those of a
//!   group elsewhere are read by administrators who see it, and by its house where they are forwarded.
//! - The ledger says what left the house, to whom. All of it is read by who answers for the house: administrators,
//!   compliance officers and the command line, also what is of secret groups (addresses and digests, no text).
//!   Owners read what left their own groups. Moderators do not, nor does anybody else.
//! - Books are compared by servers only, each with its own, where both sides agreed on a partnership that stands.
//! - Held posts are seen by moderators and their author; removed ones leave a tombstone, with the
//!   text only for moderators and, where they may read at all, compliance officers ([`shows_text`]).
//! - People of this house exist for another server only while it is an active partner and they take
//!   part, as members or by what they wrote, in a group that connects the two houses: one here with
//!   a counting grant for it, or one of its own ([`reads_profile`]). In open mode they exist for all
//!   but blocked servers. Who is disabled exists for nobody outside.
//! - Who wrote something elsewhere may say that people here are not to like or answer it (`interactionPolicy`); moderators
//!   here are not asked to overrule that.
//! - What a rule holds at the boundary is read inside as ever, by colleagues and by who wrote it; to guests,
//!   partners, strangers and the public it does not exist, moderators among them included. What is kept from one
//!   partner only is kept from the public, too, for that partner is part of it. Moderators of a group here, compliance officers and
//!   administrators release it or keep it inside, where they may read it at all; nobody what they wrote themselves. The command line does so unread.
//! - A group that looks first at whom it does not know (*first contact*) lets nobody new from elsewhere in at once, whatever the
//!   grant says, but whom a moderator invited; what they say is held for its moderators ([`join_outcome`], [`post_outcome`]). To
//!   react needs no look. Who was let in by a moderator is met; who was let speak is heard; by *host*, one stands for all of their server.
//! - That there is an admin API is no secret: who is no administrator is told so. What is behind it is
//!   hidden and forbidden as everywhere; administering a group does not let one into it.
//!
//! Profiles:
//! - A conversation belongs to the profile on which it began. Posts on profiles here are read by
//!   colleagues; beyond that, what `profiles.audience` allows now: followers at active partners read
//!   what is for followers, and what is for everybody is read by whom we speak with and, where public
//!   pages are on, by anybody. A setting that is narrowed counts for what is there already.
//! - Whether a partner's software keeps groups that are not public is not asked about what is for
//!   followers: that, microblog software keeps, and the house decided to let it out.
//! - What somebody elsewhere wrote for their followers is read by who follows them and was let in, here
//!   nobody else; what they wrote for everybody, by colleagues. To nobody outside is it shown. Not
//!   while their server is blocked, nor in closed mode when it is no partner any more.
//! - Their own server is shown, and sent, what people here answered there. Colleagues may answer and
//!   like whatever they read; that it leaves the house needs no setting, for it goes to who wrote to them.
//! - From elsewhere, who follows somebody here answers and likes what they read of them; others do not,
//!   even where they may read. What is added to a conversation on a profile
//!   elsewhere is heard from people of its server only.
//! - Colleagues follow people here at once, for they read them anyway. Guests follow nobody, write on no
//!   profile and read there what the public does.
//! - From outside, people here are followed where `profiles.audience` is wider than colleagues: by
//!   partners, and in open mode with *public* by others; as each person chose (`each` is the default).
//!   Then partners may know that those exist who let themselves be followed. Following connects two
//!   houses as a common group does, as long as it lasts.
//! - Removed followers, and those of a partner that ended, read nothing any more.
//! - The command line (operator) administers, lists members, lets people in and puts them out, and
//!   removes, restores and locks what an id names (asides and direct messages excepted), but reads
//!   no posts, not even public ones. Breaking the glass is not an action yet.

mod action;
mod facts;
mod outbound;
mod rules;
mod scope;
#[cfg(test)]
mod tests;
mod verdict;
mod viewer;

pub use action::*;
pub use facts::*;
pub use outbound::*;
pub use rules::{
    Begun, FollowFacts, OriginFacts, PersonFacts, ProfileFacts, ProfilePostFacts, ProposalFacts,
    boost_of_theirs, compares_books, decide, explain, follow_outcome, grant_effect, grant_reaches,
    hears_of_boost, invitation_outcome, join_outcome, may_confirm, may_follow, may_look_elsewhere,
    needs_second, permit, permit_profile_post, permit_take_back, post_outcome, reads_profile,
    reads_upload, reviews_house, sees_partner_view, sees_person, shows_text, stage_fits,
    widest_audience,
};
pub use scope::*;
pub use verdict::*;
pub use viewer::*;
