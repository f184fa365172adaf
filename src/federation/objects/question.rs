//! `Question`: a post that is a poll (FEP-9967), in the shape that Mastodon gave it.

use serde_json::{Value, json};

use super::read::{entries, escape, kind_of, text};
use crate::domain::{Poll, PollOption, Post, Timestamp};

// Writing -----------------------------------------------------------------------------------------

/// Makes a written post the poll that it is. What is not told is left out: the votes for each option
/// while they are hidden, and how many people voted.
///
/// Microblog servers show no name of a question, so the text begins with it.
pub fn add_poll(object: &mut Value, post: &Post, poll: &Poll, now: Timestamp) {
    let options: Vec<Value> = poll.options.iter().map(option).collect();
    let choice = match poll.multiple {
        true => "anyOf",
        false => "oneOf",
    };
    object["type"] = json!("Question");
    object[choice] = json!(options);
    if let Some(title) = &post.title {
        object["content"] = json!(format!("{}{}", heading(title), post.html));
    }
    if let Some(end) = poll.ends_at {
        object["endTime"] = json!(end);
        if poll.is_over(now) {
            object["closed"] = json!(end);
        }
    }
    if let Some(voters) = poll.voters {
        object["votersCount"] = json!(voters);
    }
}

/// `votersCount` is a word of Mastodon's.
pub fn words() -> Value {
    json!({ "toot": "http://joinmastodon.org/ns#", "votersCount": "toot:votersCount" })
}

fn option(option: &PollOption) -> Value {
    let mut written = json!({ "type": "Note", "name": option.title });
    if let Some(votes) = option.votes {
        written["replies"] = json!({ "type": "Collection", "totalItems": votes });
    }
    written
}

fn heading(title: &str) -> String {
    format!("<p><strong>{}</strong></p>\n", escape(title))
}

// Reading -----------------------------------------------------------------------------------------

/// What a question asks, with the counts it comes with. None: it is no question, or there is nothing
/// to choose from; then its options are something to read.
pub fn parse_poll(object: &Value) -> Option<Poll> {
    if kind_of(object) != Some("Question") {
        return None;
    }
    let (one, any) = (
        entries(object, "oneOf").ok()?,
        entries(object, "anyOf").ok()?,
    );
    let multiple = match (one.is_empty(), any.is_empty()) {
        (false, true) => false,
        (true, false) => true,
        // Which of them counts is left open, or there is none.
        (false, false) | (true, true) => return None,
    };
    let options = one.into_iter().chain(any).map(parse_option);
    let options: Vec<PollOption> = options.collect::<Option<_>>()?;
    let voters = object.get("votersCount").and_then(number);
    Poll::from_elsewhere(multiple, options, end(object), voters)
}

fn parse_option(option: &Value) -> Option<PollOption> {
    let replies = option.get("replies");
    Some(PollOption {
        title: text(option, "name", "nameMap")?.to_owned(),
        votes: replies
            .and_then(|replies| replies.get("totalItems"))
            .and_then(number),
    })
}

/// A count; what cannot be one is none.
fn number(value: &Value) -> Option<u32> {
    let count = value.as_u64()?;
    // As many as the database can keep.
    Some(
        u32::try_from(count).map_or(i32::MAX.unsigned_abs(), |count| {
            count.min(i32::MAX.unsigned_abs())
        }),
    )
}

/// When it ends or ended: some write `closed`, some `endTime`, some both.
fn end(object: &Value) -> Option<Timestamp> {
    let time = |field| Timestamp::parse(object.get(field)?.as_str()?).ok();
    let closed = match object.get("closed") {
        // Closed, whenever that was.
        Some(Value::Bool(true)) => time("updated")
            .or_else(|| time("published"))
            .or(Some(Timestamp::MIN)),
        _ => time("closed"),
    };
    [time("endTime"), closed].into_iter().flatten().min()
}

/// The text of a question without its name, where it begins with it as ours do.
pub(super) fn without_heading(html: String, title: Option<&str>) -> String {
    let heading = title.map(heading);
    match heading.and_then(|heading| html.strip_prefix(&heading).map(str::to_owned)) {
        Some(rest) => rest,
        None => html,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::{Circle, PollDraft, PollManner, Promise};
    use crate::federation::objects::post::{Written, parse_post, render_post};
    use crate::federation::objects::tests::{acme, ada, engineering, fixture, topic};

    const NOW: Timestamp = Timestamp::from_micros(1_764_000_000_000_000);

    fn asked(manner: PollManner) -> Poll {
        let hour = Some(Duration::from_secs(3_600));
        PollDraft::new(["Larch <3", "Oak"], manner, hour)
            .unwrap()
            .begin(NOW)
    }

    fn written(poll: &Poll, now: Timestamp) -> Value {
        let group = engineering(crate::domain::Access::Open, crate::domain::Stage::Partners);
        let written = Written {
            post: &topic(),
            author: &ada(),
            parent: None,
            promise: &Promise::same(Circle::Asked),
            attachments: &[],
            poll: Some(poll),
        };
        render_post(&acme(), &group, &written, now)
    }

    #[test]
    fn what_is_written_is_read_again() {
        for multiple in [false, true] {
            let poll = asked(PollManner {
                multiple,
                hides_totals: false,
            });
            let object = written(&poll, NOW);
            assert_eq!(object["type"], "Question");
            let read = parse_post(&object, None).unwrap();
            assert_eq!(read.poll, Some(poll));
            assert_eq!(read.title, topic().title);
            assert_eq!(read.html.as_received(), topic().html);
        }
    }

    #[test]
    fn what_is_not_told_is_not_written() {
        let poll = asked(PollManner {
            multiple: false,
            hides_totals: true,
        });
        let open = written(&poll.clone().shown(NOW), NOW);
        assert!(open["oneOf"][0].get("replies").is_none());
        assert_eq!(
            (&open["votersCount"], &open["closed"]),
            (&json!(0), &Value::Null)
        );
        let end = poll.ends_at.unwrap();
        let over = written(&poll.clone().shown(end), end);
        assert_eq!(over["oneOf"][0]["replies"]["totalItems"], 0);
        assert_eq!(over["closed"], over["endTime"]);
        let apart = written(&poll.without_counts(), NOW);
        assert!(apart.get("votersCount").is_none());
    }

    #[test]
    fn questions_of_others_are_read() {
        let question = &fixture("mastodon/create_question")["object"];
        let poll = parse_poll(question).unwrap();
        assert_eq!(poll.titles().collect::<Vec<_>>(), ["Tabs", "Spaces"]);
        assert_eq!(poll.voters, Some(3));
        assert_eq!(poll.options[1].votes, Some(2));
        assert!(!poll.multiple && poll.is_over(NOW));

        let mut other = question.clone();
        other["anyOf"] = other["oneOf"].take();
        (other["endTime"], other["closed"]) = (Value::Null, json!(true));
        other["anyOf"][0]["replies"]["totalItems"] = json!(u64::MAX);
        let poll = parse_poll(&other).unwrap();
        assert!(poll.multiple && poll.is_over(NOW));
        assert_eq!(poll.options[0].votes, Some(i32::MAX.unsigned_abs()));

        for (field, value) in [
            ("oneOf", json!([{ "name": "Yes" }, { "name": "No" }])),
            ("anyOf", json!([{ "name": "Yes" }])),
            ("anyOf", json!([{ "name": "Yes" }, { "type": "Note" }])),
            ("type", json!("Note")),
        ] {
            let mut no_choice = other.clone();
            no_choice[field] = value;
            assert_eq!(parse_poll(&no_choice), None, "{field}");
        }
    }
}
