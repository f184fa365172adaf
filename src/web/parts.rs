//! From the nouns of the house to the plain values that pages show.

use std::time::Duration;

use crate::domain::markup::{self, SafeHtml};
use crate::domain::{
    Actor, Attachment, AttachmentKind, Audience, Destination, Group, HoldState, Host, Label, Mark,
    Membership, MembershipState, OrgRole, Partner, PartnerState, Post, PostState, PostView,
    RefusalNotice, Timestamp, Uri, counted,
};
use crate::policy::Action;
use crate::services::groups::{GroupView, Readers};
use crate::services::labels::{Effect, Offer, Offers};
use crate::services::memberships::BanNotice;
use crate::services::posts::{Listed, Shown};
use crate::web::attachments::PLACES;
use crate::web::views::{
    AtBoundary, AudiencePart, Author, Badge, Choice, Failure, FileView, GroupCard, GroupHead,
    GroupLink, KeptFile, LabelView, NotTaken, PictureView, PostBody, QueueHealth, RefusedText,
    TopicSummary, When,
};
use crate::web::{holds, polls};

/// Longest first words of a topic in a list, in characters.
/// Words of a post that stand for its title.
const FIRST_WORDS_CHARS_MAX: usize = 120;
const EXCERPT_CHARS_MAX: usize = 240;
/// Longest description of a group in the directory, in characters.
const SUMMARY_CHARS_MAX: usize = 200;
/// Partners that cannot read something and are named one by one; more are counted.
const EXCLUDED_NAMED_MAX: usize = 3;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

// Moments and counts ------------------------------------------------------------------------------

/// A moment as people say it: how long ago today, the date after that.
pub fn when(at: Timestamp, now: Timestamp) -> When {
    let ago = now.since(at);
    let text = match ago {
        _ if at > now => at.for_people(),
        _ if ago < MINUTE => "just now".to_owned(),
        _ if ago < HOUR => format!("{} ago", counted(ago.as_secs() / 60, "minute", "minutes")),
        _ if ago < DAY => format!("{} ago", counted(ago.as_secs() / 3_600, "hour", "hours")),
        _ => at.for_people(),
    };
    When {
        iso: at.rfc3339(),
        text,
    }
}

/// A day, where the hour says nothing.
pub fn day(at: Timestamp) -> When {
    let text = at.for_people();
    let text = text.split(',').next().unwrap_or_default().to_owned();
    When {
        iso: at.rfc3339(),
        text,
    }
}

pub fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

// People and groups -------------------------------------------------------------------------------

/// The mark of somebody or something that is not of this house.
pub fn badge(host: Option<&Host>, partner: Option<&Partner>) -> Option<Badge> {
    host.map(|host| badge_of(host, partner))
}

/// Only a partnership that stands gives a name and a class; everybody else is simply from outside.
pub fn badge_of(host: &Host, partner: Option<&Partner>) -> Badge {
    let stands = |partner: &&Partner| {
        partner.host == *host
            && matches!(partner.state, PartnerState::Active | PartnerState::Paused)
    };
    match partner.filter(stands) {
        Some(partner) => partner_badge(partner),
        None => Badge {
            organization: host.to_string(),
            class: "outside".to_owned(),
            host: host.to_string(),
        },
    }
}

pub fn partner_badge(partner: &Partner) -> Badge {
    Badge {
        organization: partner.organization.clone(),
        class: partner.class.to_string(),
        host: partner.host.to_string(),
    }
}

pub fn author(actor: &Actor, partner: Option<&Partner>) -> Author {
    let url = match actor.host {
        None => Some(format!("/u/{}", segment(&actor.name))),
        Some(_) => outside_address(&actor.url),
    };
    Author {
        name: actor.title().to_owned(),
        handle: actor.handle().to_string(),
        url,
        badge: badge(actor.host.as_ref(), partner),
        guest: false,
    }
}

/// Who wrote a post.
pub fn author_of(view: &PostView, partner: Option<&Partner>) -> Author {
    Author {
        guest: view.by_guest,
        ..author(&view.author, partner)
    }
}

/// An address that somebody elsewhere claims: a link only when it is a web address.
fn outside_address(claimed: &str) -> Option<String> {
    claimed.parse::<Uri>().ok().map(|uri| uri.to_string())
}

/// `/g/NAME` or `/g/NAME@HOST`.
pub fn group_url(group: &Group) -> String {
    format!("/g/{}", segment(&group.actor.handle().to_string()))
}

/// One segment of a path: everything odd in a name from elsewhere percent-encoded.
fn segment(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~@:".contains(byte);
    text.bytes()
        .map(|byte| match plain(&byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

pub fn group_link(group: &Group, partner: Option<&Partner>) -> GroupLink {
    GroupLink {
        url: group_url(group),
        title: group.title().to_owned(),
        badge: badge(group.home(), partner),
    }
}

/// How others find the group: `@roads@community.acme.example`.
fn full_handle(group: &Group, here: &Host) -> String {
    format!("@{}@{}", group.actor.name, group.home().unwrap_or(here))
}

/// What the group says of itself: Markdown here, HTML from elsewhere.
fn description(group: &Group) -> Option<SafeHtml> {
    let html = match group.is_local() {
        true => markup::render_markdown(&group.description),
        false => markup::sanitize(&group.actor.summary),
    };
    (!html.as_str().trim().is_empty()).then_some(html)
}

/// The viewer's relation to a group in the words of the templates.
pub fn membership_word(membership: Option<&Membership>) -> &'static str {
    match membership {
        None => "none",
        Some(one) if one.state == MembershipState::Member => one.role.as_str(),
        Some(one) => one.state.as_str(),
    }
}

fn can_join(view: &GroupView) -> bool {
    let asked = view.membership.as_ref().map(|membership| membership.state);
    let already = matches!(
        asked,
        Some(MembershipState::Member | MembershipState::Requested)
    );
    !already && view.rights.may(Action::Join)
}

pub fn group_card(view: &GroupView, here: &Host) -> GroupCard {
    let group = &view.group;
    let summary = description(group)
        .map(|html| markup::plain_text(html.as_str(), SUMMARY_CHARS_MAX))
        .filter(|text| !text.is_empty());
    GroupCard {
        url: group_url(group),
        handle: full_handle(group, here),
        title: group.title().to_owned(),
        summary,
        access: group.access.to_string(),
        stage: group.stage.to_string(),
        archived: group.archived_at.is_some(),
        badge: badge(group.home(), view.partner.as_ref()),
        members: view.members.map(count).filter(|_| group.is_local()),
        membership: membership_word(view.membership.as_ref()).to_owned(),
        can_join: can_join(view),
        pending: count(view.duties.requests),
        reports: count(view.duties.reports),
        held: count(view.duties.held),
    }
}

pub fn group_head(view: &GroupView, here: &Host) -> GroupHead {
    let (group, rights) = (&view.group, &view.rights);
    let member = view
        .membership
        .as_ref()
        .is_some_and(|one| one.state == MembershipState::Member);
    let manages = rights.may(Action::ManageGroup) || rights.may(Action::ChangeBoundary);
    GroupHead {
        url: group_url(group),
        handle: full_handle(group, here),
        title: group.title().to_owned(),
        description: description(group),
        access: group.access.to_string(),
        stage: group.stage.to_string(),
        archived: group.archived_at.is_some(),
        badge: badge(group.home(), view.partner.as_ref()),
        // Of a group elsewhere we know our own people only.
        members: view.members.map(count).filter(|_| group.is_local()),
        membership: membership_word(view.membership.as_ref()).to_owned(),
        can_join: can_join(view),
        can_leave: member && rights.may(Action::Leave),
        can_see_members: rights.may(Action::SeeMembers),
        can_manage: group.is_local() && manages,
        can_read_reports: rights.may(Action::ReadReports),
        can_ask: rights.may(Action::AskModeration),
        can_review: rights.may(Action::Review),
        can_change_boundary: group.is_local() && rights.may(Action::ChangeBoundary),
        held: count(view.duties.held),
        pending: count(view.duties.requests),
        reports: count(view.duties.reports),
        note: joining_note(view),
        moved_to: group.moved_to.as_ref().map(Uri::to_string),
        label: label(&view.mark),
    }
}

/// Why one cannot join, or what one is waiting for.
fn joining_note(view: &GroupView) -> Option<String> {
    let house = || match (&view.partner, view.group.home()) {
        (Some(partner), _) => Some(partner.organization.clone()),
        (None, home) => home.map(Host::to_string),
    };
    match view.membership.as_ref().map(|one| one.state) {
        None => view
            .rights
            .why_not(Action::Join)
            .map(|reason| reason.sentence().to_owned()),
        Some(MembershipState::Requested) => {
            house().map(|house| format!("{house} has been asked; somebody there lets people in."))
        }
        Some(MembershipState::Banned) => view.ban.as_ref().map(ban_note),
        Some(MembershipState::Invited | MembershipState::Member) => None,
    }
}

/// That one is banned, until when and why, as far as somebody said.
fn ban_note(ban: &BanNotice) -> String {
    let until = match ban.until {
        Some(until) => format!("until {}", day(until).text),
        None => "until a moderator lifts it".to_owned(),
    };
    match ban.reason.as_str() {
        "" => format!("You are banned from this group {until}."),
        reason => format!("You are banned from this group {until}: {reason}"),
    }
}

/// What people call a role in the organization.
pub const fn role_words(role: OrgRole) -> &'static str {
    match role {
        OrgRole::Member => "Member",
        OrgRole::Manager => "Community manager",
        OrgRole::Compliance => "Compliance officer",
        OrgRole::Admin => "Administrator",
        OrgRole::Guest => "Guest from outside",
    }
}

// Who will read this ------------------------------------------------------------------------------

/// "41 colleagues", "12 people at Supplier AG", "Customer B cannot".
pub fn audience(readers: &Readers) -> Vec<AudiencePart> {
    let part = |text, outside| AudiencePart { text, outside };
    let mut parts = vec![part(
        counted(readers.colleagues, "colleague", "colleagues"),
        false,
    )];
    let because = match readers.mark.name() {
        Some(name) => format!("because it is “{name}”"),
        None => "because of how it is classified".to_owned(),
    };
    match &readers.effect {
        Effect::Refused(sentence) => {
            let text = format!("nobody: it will not be taken, {because} ({sentence})");
            return vec![part(text, false)];
        }
        Effect::Held(from) if from.is_empty() => {
            let text = format!("nobody outside before somebody looked at it, {because}");
            parts.push(part(text, false));
            return parts;
        }
        Effect::Held(_) | Effect::Leaves => {}
    }
    if let Some(house) = &readers.house {
        parts.push(match readers.kept_by_house() {
            false => part(format!("everybody whom {house} lets read there"), true),
            true => part(
                format!("nobody at {house} before somebody looked at it, {because}"),
                false,
            ),
        });
    }
    for (organization, people) in &readers.partners {
        let text = match people {
            0 => format!("{organization}, where nobody has joined yet"),
            people => format!("{} at {organization}", counted(*people, "person", "people")),
        };
        parts.push(part(text, true));
    }
    for (organization, people) in &readers.by_mirror {
        let people = counted(*people, "person", "people");
        parts.push(part(format!("{people} at {organization}, in a copy"), true));
    }
    if readers.public {
        parts.push(part("anybody on the internet".to_owned(), true));
        return parts;
    }
    for organization in &readers.kept {
        let text = format!("{organization} cannot before somebody looked at it, {because}");
        parts.push(part(text, false));
    }
    for (organization, people) in &readers.unmirrored {
        let people = counted(*people, "person", "people");
        let text = format!("{people} at {organization} cannot: it is not copied for them");
        parts.push(part(text, false));
    }
    let named = match readers.excluded.len() {
        0..=EXCLUDED_NAMED_MAX => readers.excluded.len(),
        _ => EXCLUDED_NAMED_MAX - 1,
    };
    for organization in &readers.excluded[..named] {
        parts.push(part(format!("{organization} cannot"), false));
    }
    if readers.excluded.len() > named {
        let more = readers.excluded.len() - named;
        parts.push(part(format!("{more} other partners cannot"), false));
    }
    parts
}

/// Who reads what stays in the house: the part that comes first.
pub fn inside(mut audience: Vec<AudiencePart>) -> Vec<AudiencePart> {
    audience.truncate(1);
    audience
}

// Posts -------------------------------------------------------------------------------------------

/// A topic in a list; with its group where the list is of several.
pub fn topic_summary(listed: &Listed, with_group: bool, now: Timestamp) -> TopicSummary {
    let post = &listed.view.post;
    let excerpt = markup::plain_text(&post.html, EXCERPT_CHARS_MAX);
    let title = post.title.clone();
    let titled = title.is_some();
    let group = listed.group.as_ref().filter(|_| with_group);
    TopicSummary {
        url: format!("/p/{}", post.id),
        title: title.unwrap_or_else(|| first_words(post)),
        group: group.map(|group| group_link(group, listed.group_partner.as_ref())),
        author: author_of(&listed.view, listed.author_partner.as_ref()),
        when: when(post.created_at, now),
        // On profiles the first words stand for a title.
        excerpt: Some(excerpt).filter(|text| titled && !text.is_empty()),
        likes: post.likes as usize,
        liked: listed.view.liked,
        boosts: listed.view.boosts.count as usize,
        boosted_by: listed
            .boosted
            .as_ref()
            .map(|boosted| profile_link(&boosted.by, None)),
        comments: post.comments as usize,
        pinned: post.pinned,
        locked: post.locked,
        refused: listed.view.is_refused(),
        held: listed.view.held.is_some(),
        label: label(&listed.view.mark),
    }
}

/// How something is classified.
pub fn label(mark: &Mark) -> Option<LabelView> {
    let name = mark.name()?.to_string();
    let lost = mark.is_lost();
    Some(LabelView { name, lost })
}

/// The labels that may be given to a post that there is.
fn relabelling(shown: &Shown) -> Vec<Choice> {
    let own = shown.view.post.label.as_ref();
    let none = shown.labels.none.then(|| Choice {
        value: String::new(),
        label: "None of its own".to_owned(),
        hint: None,
        chosen: own.is_none(),
    });
    let choice = |label: &Label| Choice {
        value: label.name.to_string(),
        label: label.name.to_string(),
        hint: None,
        chosen: own == Some(&label.name),
    };
    let labels = shown.labels.labels.iter().map(choice);
    none.into_iter().chain(labels).collect()
}

/// The labels that may be chosen for something new, each with what it means for who reads.
pub fn label_choices(offers: Option<Offers>, chosen: &str) -> Vec<Choice> {
    let Some(offers) = offers else {
        return Vec::new();
    };
    let least = match offers.least.name() {
        Some(name) => format!("As it is here: {name}"),
        None => "None".to_owned(),
    };
    let none = Choice {
        value: String::new(),
        label: least,
        hint: None,
        chosen: chosen.is_empty(),
    };
    let offer = |offer: &Offer| {
        let name = &offer.label.name;
        Choice {
            value: name.to_string(),
            label: match &offer.effect {
                Effect::Leaves => name.to_string(),
                Effect::Held(from) if from.is_empty() => {
                    format!("{name}: nobody outside reads it before somebody looked at it")
                }
                Effect::Held(from) => format!(
                    "{name}: nobody at {} reads it before somebody looked at it",
                    hosts(from)
                ),
                Effect::Refused(_) => format!("{name}: may not be said here"),
            },
            hint: None,
            chosen: name.as_str() == chosen,
        }
    };
    let all = offers.list.iter().map(offer);
    std::iter::once(none).chain(all).collect()
}

fn hosts(list: &[Host]) -> String {
    let list: Vec<&str> = list.iter().map(Host::as_str).collect();
    list.join(", ")
}

/// What the house of a group did not take, and why.
pub fn not_taken(notice: &RefusalNotice) -> NotTaken {
    NotTaken {
        sentence: notice.sentence.clone(),
        text: notice.text.as_ref().map(|text| RefusedText {
            title: text.title.clone(),
            body: SafeHtml::from_storage(text.html.clone()),
        }),
    }
}

/// What a post is called where others are, too.
pub fn name_of(view: &PostView) -> String {
    match &view.post.title {
        Some(title) => title.clone(),
        None if view.post.is_topic() => first_words(&view.post),
        None => format!("Comment by {}", view.author.title()),
    }
}

/// What a post without a title is called.
pub fn first_words(post: &Post) -> String {
    let words = markup::plain_text(&post.html, FIRST_WORDS_CHARS_MAX);
    match words.is_empty() {
        true => "A post without words".to_owned(),
        false => words,
    }
}

/// `/u/NAME` or `/u/NAME@HOST`.
pub fn person_url(person: &Actor) -> String {
    format!("/u/{}", segment(&person.handle().to_string()))
}

/// The profile that a conversation is on, as the way back to it.
pub fn profile_link(owner: &Actor, partner: Option<&Partner>) -> GroupLink {
    GroupLink {
        url: person_url(owner),
        title: owner.title().to_owned(),
        badge: badge(owner.host.as_ref(), partner),
    }
}

/// Who will read what is written on a profile.
pub fn profile_audience(audience: Audience, owner: &Actor) -> Vec<AudiencePart> {
    let part = |text: &str, outside| AudiencePart {
        text: text.to_owned(),
        outside,
    };
    let name = owner.title();
    let colleagues = part("all colleagues", false);
    let followers = part(&format!("followers of {name}"), true);
    match (owner.is_local(), audience) {
        (true, Audience::Followers) => vec![colleagues, followers],
        (true, Audience::Public) => vec![colleagues, part("anybody on the internet", true)],
        (true, _) => vec![colleagues],
        (false, Audience::Public) => {
            vec![colleagues, part(&format!("{name} and their server"), true)]
        }
        (false, _) => vec![followers, part(&format!("{name} and their server"), true)],
    }
}

pub fn post_body(shown: &Shown, now: Timestamp) -> PostBody {
    let post = &shown.view.post;
    let elsewhere = !shown.view.author.is_local();
    PostBody {
        aside: post.audience == Audience::Aside,
        author: author_of(&shown.view, shown.partner.as_ref()),
        when: when(post.created_at, now),
        body: SafeHtml::from_storage(post.html.clone()),
        pictures: pictures(&shown.view.attachments),
        files: files(&shown.view.attachments),
        edited: post.edited_at.map(|at| when(at, now)),
        likes: post.likes as usize,
        liked: shown.view.liked,
        dislikes: shown.dislikes as usize,
        can_like: shown.can_like,
        boosts: shown.view.boosts.count as usize,
        boosted: shown.view.boosts.own,
        can_boost: shown.can_boost,
        bookmarked: shown.view.bookmarked,
        can_bookmark: shown.can_bookmark,
        can_edit: shown.can_edit,
        can_delete: shown.can_delete,
        can_remove: shown.can_remove,
        // Nobody shuts themselves out.
        can_ask_ban: shown.can_ask_ban && !shown.can_delete,
        // What is one's own, one deletes.
        can_report: shown.can_report && !shown.can_delete,
        refusals: shown.view.refusals.iter().map(not_taken).collect(),
        held: post.state == PostState::Held,
        at_boundary: shown.view.held.as_ref().map(|notice| AtBoundary {
            why: notice.sentence.clone(),
            from: holds::kept_from(notice),
            refused: notice.state == HoldState::Refused,
        }),
        origin: elsewhere.then(|| post.uri.to_string()),
        poll: shown.view.poll.as_ref().map(|poll| {
            // Voting is reacting.
            polls::poll_box(poll, shown.can_like, now)
        }),
        label: label(&shown.view.mark),
        labels: relabelling(shown),
    }
}

// Files -------------------------------------------------------------------------------------------

/// Whether an attachment is shown as a picture. One that cannot be had is only a way to it.
fn is_picture(one: &Attachment) -> bool {
    one.kind == AttachmentKind::Image && !is_lost(one)
}

fn is_lost(one: &Attachment) -> bool {
    one.origin.as_ref().is_some_and(|origin| origin.failed)
}

fn pictures(all: &[Attachment]) -> Vec<PictureView> {
    let picture = |one: &Attachment| PictureView {
        url: format!("/media/{}", one.id),
        preview: format!("/media/{}/preview", one.id),
        description: one.description.clone(),
        width: one.measures.as_ref().map(|measures| measures.width),
        height: one.measures.as_ref().map(|measures| measures.height),
    };
    let all = all.iter().filter(|one| is_picture(one));
    all.map(picture).collect()
}

fn files(all: &[Attachment]) -> Vec<FileView> {
    let all = all.iter().filter(|one| !is_picture(one));
    all.map(file).collect()
}

fn file(one: &Attachment) -> FileView {
    let origin = one.origin.as_ref().filter(|origin| origin.failed);
    let url = match origin {
        Some(origin) => origin.url.to_string(),
        None => format!("/media/{}", one.id),
    };
    let name = match one.name.is_empty() {
        false => one.name.clone(),
        true if one.description.is_empty() => "A file".to_owned(),
        true => one.description.clone(),
    };
    FileView {
        url,
        description: one.description.clone(),
        size: one.stored.map(|stored| size(stored.bytes)),
        elsewhere: origin.map(|origin| origin.url.host().to_string()),
        name,
    }
}

/// A size as people say it: "700 bytes", "1.2 MB".
fn size(bytes: u64) -> String {
    let tenths = |unit: u64| bytes.saturating_mul(10) / unit;
    let said = |tenths: u64, unit: &str| match tenths {
        0..100 => format!("{}.{} {unit}", tenths / 10, tenths % 10),
        _ => format!("{} {unit}", tenths / 10),
    };
    match bytes {
        0..1_000 => counted(bytes, "byte", "bytes"),
        1_000..1_000_000 => said(tenths(1_000), "kB"),
        1_000_000..1_000_000_000 => said(tenths(1_000_000), "MB"),
        _ => said(tenths(1_000_000_000), "GB"),
    }
}

/// What is in a form already.
pub fn kept(attached: &[Attachment]) -> Vec<KeptFile> {
    let kept = |one: &Attachment| KeptFile {
        id: one.id.to_string(),
        name: match one.name.is_empty() {
            true => "Picture".to_owned(),
            false => one.name.clone(),
        },
        description: one.description.clone(),
        preview: is_picture(one).then(|| format!("/media/{}/preview", one.id)),
    };
    attached.iter().map(kept).collect()
}

/// The places for files in a form.
pub fn places(may_attach: bool) -> Vec<usize> {
    match may_attach {
        true => (1..=PLACES).collect(),
        false => Vec::new(),
    }
}

// Sending -----------------------------------------------------------------------------------------

pub fn health(destination: &Destination, now: Timestamp) -> QueueHealth {
    let failed = destination
        .last_error_at
        .zip(destination.last_error.as_ref());
    QueueHealth {
        state: destination.health.describe(now),
        held: destination.health.until(now).is_some(),
        clock: destination.health.clock_difference.map(clock),
        signature: Some(destination.signature.as_str()),
        pending: count(destination.pending),
        oldest: destination.oldest.map(|at| when(at, now)),
        last_success: destination.last_success_at.map(|at| when(at, now)),
        last_error: failed.map(|(at, text)| Failure {
            when: when(at, now),
            text: what_was_said(text),
        }),
    }
}

/// What another server answered, for people: of an error in JSON the sentence, of a page that it is one.
pub fn what_was_said(answer: &str) -> String {
    const SENTENCES: [&str; 5] = ["detail", "message", "error_description", "error", "title"];
    let Some((status, body)) = answer.split_once(": ") else {
        return answer.to_owned();
    };
    let said: Option<serde_json::Value> = serde_json::from_str(body).ok();
    let sentence = said.as_ref().and_then(|said| {
        let mut found = SENTENCES.iter().filter_map(|name| said.get(name)?.as_str());
        found.find(|sentence| !sentence.is_empty())
    });
    match sentence {
        Some(sentence) => format!("answered {status}: {sentence}"),
        None if body.trim_start().starts_with('<') => format!("answered {status} with a page"),
        None => answer.to_owned(),
    }
}

/// Differences up to this are of the measurement, seconds.
const CLOCK_NOISE_SECONDS: u64 = 2;

/// Another server's clock, from how much later ours is.
fn clock(difference: i64) -> String {
    let seconds = difference.unsigned_abs();
    if seconds <= CLOCK_NOISE_SECONDS {
        return "as ours".to_owned();
    }
    let side = if difference > 0 { "behind" } else { "ahead of" };
    format!("{seconds} s {side} ours")
}

/// How much of a fingerprint people compare, in characters.
const FINGERPRINT_CHARS: usize = 32;

/// `4f:2a:90:…`, as people read it out.
pub fn in_pairs(hex: &str) -> String {
    let beginning: String = hex.chars().take(FINGERPRINT_CHARS).collect();
    in_pairs_whole(&beginning)
}

/// All of it.
pub fn in_pairs_whole(hex: &str) -> String {
    let letters: Vec<char> = hex.chars().collect();
    let pairs: Vec<String> = letters
        .chunks(2)
        .map(|pair| pair.iter().collect())
        .collect();
    pairs.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_compared_with_ours() {
        assert_eq!(clock(600), "600 s behind ours");
        assert_eq!(clock(-90), "90 s ahead of ours");
        assert_eq!(clock(-2), "as ours");
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn what_another_server_said_is_a_sentence() {
        for (answer, said) in [
            (
                r#"403: {"error":"cannot_reply"}"#,
                "answered 403: cannot_reply",
            ),
            (
                r#"422: {"title":"No","detail":"too long"}"#,
                "answered 422: too long",
            ),
            ("502: <html>bad gateway</html>", "answered 502 with a page"),
            ("400: go away", "400: go away"),
            ("no answer in time", "no answer in time"),
        ] {
            assert_eq!(what_was_said(answer), said);
        }
    }

    #[test]
    fn sizes_are_said_with_two_digits_or_more() {
        for (bytes, said) in [
            (1, "1 byte"),
            (999, "999 bytes"),
            (1_234, "1.2 kB"),
            (45_678, "45 kB"),
            (3_300_000, "3.3 MB"),
            (2_000_000_000, "2.0 GB"),
        ] {
            assert_eq!(size(bytes), said);
        }
    }

    #[test]
    fn today_is_told_by_how_long_ago() {
        let now = at("2026-05-04T12:00:00Z");
        for (moment, said) in [
            ("2026-05-04T11:59:30Z", "just now"),
            ("2026-05-04T11:59:00Z", "1 minute ago"),
            ("2026-05-04T10:01:00Z", "1 hour ago"),
            ("2026-05-03T12:00:01Z", "23 hours ago"),
            ("2026-05-03T11:00:00Z", "3 May 2026, 11:00"),
            ("2026-06-01T09:30:00Z", "1 Jun 2026, 09:30"),
        ] {
            assert_eq!(when(at(moment), now).text, said, "{moment}");
        }
        assert_eq!(day(at("2026-05-04")).text, "4 May 2026");
    }

    #[test]
    fn the_audience_is_told_in_facts() {
        let readers = Readers {
            colleagues: 41,
            partners: vec![("Supplier AG".into(), 12), ("New GmbH".into(), 0)],
            by_mirror: vec![("Club".into(), 2)],
            unmirrored: vec![("Choir".into(), 1)],
            excluded: vec!["Customer B".into()],
            public: false,
            house: None,
            kept: vec!["Works Council".into()],
            effect: Effect::Held(vec!["council.example".parse().unwrap()]),
            mark: Mark::Label("Internal".parse().unwrap()),
        };
        let said = |readers: &Readers| -> Vec<(String, bool)> {
            let parts = audience(readers);
            parts
                .into_iter()
                .map(|part| (part.text, part.outside))
                .collect()
        };
        assert_eq!(
            said(&readers),
            [
                ("41 colleagues".into(), false),
                ("12 people at Supplier AG".into(), true),
                ("New GmbH, where nobody has joined yet".into(), true),
                ("2 people at Club, in a copy".into(), true),
                (
                    "Works Council cannot before somebody looked at it, because it is “Internal”"
                        .into(),
                    false
                ),
                (
                    "1 person at Choir cannot: it is not copied for them".into(),
                    false
                ),
                ("Customer B cannot".into(), false),
            ]
        );
        let many = Readers {
            excluded: ["A", "B", "C", "D", "E"].map(String::from).into(),
            partners: Vec::new(),
            by_mirror: Vec::new(),
            unmirrored: Vec::new(),
            kept: Vec::new(),
            colleagues: 1,
            ..readers
        };
        let words: Vec<String> = said(&many).into_iter().map(|(text, _)| text).collect();
        assert_eq!(
            words,
            [
                "1 colleague",
                "A cannot",
                "B cannot",
                "3 other partners cannot"
            ]
        );
    }

    #[test]
    fn a_badge_is_not_for_claiming() {
        let host: Host = "birch.example".parse().unwrap();
        let badge = badge(Some(&host), None).unwrap();
        assert_eq!(
            (badge.class.as_str(), badge.organization.as_str()),
            ("outside", "birch.example")
        );
        assert!(super::badge(None, None).is_none());
    }

    #[test]
    fn odd_names_stay_inside_their_segment() {
        assert_eq!(
            segment("roads@birch.example:8601"),
            "roads@birch.example:8601"
        );
        assert_eq!(segment("a b/ü"), "a%20b%2F%C3%BC");
        assert_eq!(outside_address("javascript:alert(1)"), None);
    }
}
