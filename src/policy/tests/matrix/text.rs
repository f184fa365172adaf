//! What is said around the tables.

pub const INTRODUCTION: &str = "\
# Who may see and do what

This file is made from the rules themselves (`src/policy`) and compared with them by a test, so it is always right. To
make it anew after a change of rules: `UPDATE_ACCESS=1 cargo test access_matrix`.

## How to read it
Every group has an **access** (who inside the organization comes in: *open* to every colleague, *closed* until a
moderator agrees, *secret* for the invited) and a **stage** (how far it is open to the outside: *internal*, to *partners*
with a grant, *public*). A **grant** opens one group to one partner, for some abilities, for a time. It counts only while
the partnership is active, the time is inside its window, and the group is not internal; in a group whose posts are not public
it allows nothing while the partner's software is not known to show them only to those they are for, unless an administrator
trusts it.

| sign | meaning |
|:-:|---|
| ✓ | yes |
| ✗ | no, and one is told why (the sentences are at the end) |
| – | no, and the answer is the same as for something that does not exist |
| † | one sees that there was a post, not what it said |

- Askers with the same answers share a row. Administrators, compliance officers and the command line are shown where they
  are not members; as members they may do what members may, besides.
- *React*, *comment*, *attach* (to a comment), *report* and *pass on* are about somebody else's visible, recent post; voting in a poll is reacting. A post one may not read is answered as if it
  did not exist, so these columns show – where *read* shows ✗.
- *Invite*, by members who are not moderators, is a suggestion: a moderator decides.
- *Boundary* is the stage and the grants. *Moderate* is letting people in, putting them out, removing, restoring, locking.
- *Is sent posts* is asked for servers only.
- *Suspended* people and servers are treated as strangers.

## Groups of this house
Public pages and federation with strangers are on in these tables; what changes without them is said further down.
";

pub const ABILITIES: &str = "\n## Abilities of a grant\n\
    What a partner's person may do in a closed group who is a moderator there, when the grant says only this (and *read*, which \
    every grant includes):\n\n";

pub const JOINING: &str =
    "\n## Joining\nWhat happens to who may join a group that is open to partners:\n\n";

pub const HOUSE_SETTINGS: &str =
    "\n## Settings of the house\nIn an open group at the public stage:\n\n";

pub const CLOSED_UP: &str = "\n## Locked topics and archived groups\n\
    A locked topic is for moderators only; an archived group is read only. In an open, public group:\n\n";

pub const POSTS: &str = "\n## Posts\n\
    Who reads what in an open group with partners. A topic's age decides for its whole thread. Its author may delete a post \
    whatever happens. In closed and secret groups the first column, and the compliance officer's, are –.\n\n";

pub const PROFILES: &str = "\n## Profiles\n\
    What people write outside groups. Who began a conversation owns it; who reads there, reads all of it. Their author reads \
    them in any case, and colleagues and followers who read may answer and like.\n\n";

pub const ELSEWHERE: &str = "\n## Groups that live elsewhere\n\
    A partner's group that people here take part in. Its house decides; these rules say what we show and let through. \
    Posts here are by people of this house; its own server reads no others. What its server may do is tell us what \
    happened there, whoever did it.\n\n";

pub const REASONS: &str = "\n## Reasons\n";
