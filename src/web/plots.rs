//! Small plots, drawn here as SVG: no script, readable by who cannot see them (title, description, and the page
//! has a table below), in the colours of the page, light or dark.

use std::fmt::Write as _;

use crate::domain::DayOfPartner;

/// The drawing's own measure; the page scales it.
const WIDTH: u64 = 640;
const HEIGHT: u64 = 150;
/// Room for words on the left and below.
const LEFT: u64 = 56;
const BELOW: u64 = 22;
const ABOVE: u64 = 10;

const fn floor() -> u64 {
    HEIGHT - BELOW
}

/// Texts a day, both ways: what we sent stands beside what came.
pub fn traffic(days: &[DayOfPartner]) -> String {
    let most = days.iter().map(|day| day.sent.max(day.received)).max();
    let most = most.unwrap_or_default();
    let (sent, received) = days.iter().fold((0, 0), |(sent, received), day| {
        (sent + day.sent, received + day.received)
    });
    let about = format!(
        "{sent} texts sent and {received} received in {} days; at most {most} a day one way.",
        days.len()
    );
    let mut svg = open("traffic", "Texts a day", &about);
    line_at(&mut svg, ABOVE, &most.to_string());
    line_at(&mut svg, floor(), "0");
    for (number, day) in days.iter().enumerate() {
        let (left, wide) = column(number, days.len());
        let half = wide / 2;
        for (class, x, count) in [
            ("sent", left, day.sent),
            ("received", left + half, day.received),
        ] {
            let tall = scaled(count, most);
            if tall > 0 {
                let _ = write!(
                    svg,
                    "<rect class=\"{class}\" x=\"{x}\" y=\"{}\" width=\"{half}\" height=\"{tall}\"/>",
                    floor() - tall
                );
            }
        }
    }
    close(svg, days)
}

/// How long texts were on their way, day by day: from half of them to 95 in a hundred. Each step up is many
/// times longer than the one below, for seconds and days are both to be seen.
pub fn delays(days: &[DayOfPartner]) -> String {
    let longest = days.iter().filter_map(|day| day.delay_most).max();
    let Some(longest) = longest else {
        let svg = open("delays", "Delivery delay a day", "Nothing was sent.");
        return close(svg, days);
    };
    let top = longest.max(60);
    let about = format!(
        "At most {} for 95 in a hundred texts of a day.",
        duration(longest)
    );
    let mut svg = open("delays", "Delivery delay a day", &about);
    for (seconds, words) in [(0, "0"), (60, "1 min"), (3_600, "1 h"), (86_400, "1 day")] {
        if seconds <= top {
            line_at(&mut svg, floor() - steps(seconds, top), words);
        }
    }
    for (number, day) in days.iter().enumerate() {
        let (Some(half), Some(most)) = (day.delay_half, day.delay_most) else {
            continue;
        };
        let (left, wide) = column(number, days.len());
        let middle = left + wide / 2;
        let (low, high) = (floor() - steps(half, top), floor() - steps(most, top));
        let _ = write!(
            svg,
            "<line class=\"most\" x1=\"{middle}\" x2=\"{middle}\" y1=\"{low}\" y2=\"{high}\"/>\
             <circle class=\"half\" cx=\"{middle}\" cy=\"{low}\" r=\"3\"/>"
        );
    }
    close(svg, days)
}

/// "40 s", "3 min", "2 h", "4 days"
pub fn duration(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// What is written in it are numbers, days and words of ours: nothing to escape.
fn open(id: &str, title: &str, about: &str) -> String {
    format!(
        "<svg class=\"plot\" role=\"img\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" aria-labelledby=\"{id}-title {id}-about\">\
         <title id=\"{id}-title\">{title}</title><desc id=\"{id}-about\">{about}</desc>"
    )
}

fn close(mut svg: String, days: &[DayOfPartner]) -> String {
    let y = HEIGHT - 6;
    if let Some(first) = days.first() {
        let _ = write!(svg, "<text x=\"{LEFT}\" y=\"{y}\">{}</text>", first.day);
    }
    if let Some(last) = days.last() {
        let _ = write!(
            svg,
            "<text x=\"{WIDTH}\" y=\"{y}\" text-anchor=\"end\">{}</text>",
            last.day
        );
    }
    svg.push_str("</svg>");
    svg
}

fn line_at(svg: &mut String, y: u64, words: &str) {
    let _ = write!(
        svg,
        "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{y}\" y2=\"{y}\"/>\
         <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{words}</text>",
        LEFT - 6,
        y + 4
    );
}

/// Where the column of a day begins, and how wide it is.
fn column(number: usize, of: usize) -> (u64, u64) {
    let (number, of) = (number as u64, (of as u64).max(1));
    let room = WIDTH - LEFT;
    let left = LEFT + room * number / of;
    (left + 1, (room / of).saturating_sub(3).max(2))
}

fn scaled(count: u64, most: u64) -> u64 {
    let room = floor() - ABOVE;
    match (count, most) {
        (0, _) | (_, 0) => 0,
        _ => (room * count / most).max(1),
    }
}

/// By orders of magnitude.
fn steps(seconds: u64, top: u64) -> u64 {
    let order = |seconds: u64| (seconds as f64 + 1.0).ln();
    let part = order(seconds) / order(top);
    ((floor() - ABOVE) as f64 * part).round() as u64
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn day(number: usize, sent: u64, received: u64) -> DayOfPartner {
        let delays = vec![Duration::from_secs(90); usize::try_from(sent).unwrap()];
        DayOfPartner::new(format!("2026-11-{number:02}"), received, delays)
    }

    #[test]
    fn bars_are_as_tall_as_what_they_count() {
        let svg = traffic(&[day(1, 4, 0), day(2, 2, 1)]);
        assert_eq!(svg.matches("class=\"sent\"").count(), 2);
        assert_eq!(svg.matches("class=\"received\"").count(), 1);
        let room = floor() - ABOVE;
        assert!(
            svg.contains(&format!("height=\"{room}\""))
                && svg.contains(&format!("height=\"{}\"", room / 2))
        );
        assert!(svg.contains("6 texts sent and 1 received in 2 days; at most 4 a day one way."));
        assert!(svg.contains("aria-labelledby=\"traffic-title traffic-about\""));
        assert!(!svg.contains("<script") && svg.ends_with("</svg>"));
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        assert!(!traffic(&[day(1, 0, 0)]).contains("<rect"));
        assert!(delays(&[day(1, 0, 0)]).contains("Nothing was sent."));
        assert!(delays(&[]).ends_with("</svg>"));
    }

    #[test]
    fn a_delay_is_where_its_time_is() {
        let svg = delays(&[day(1, 1, 0)]);
        assert!(svg.contains("At most 90 s for 95 in a hundred texts of a day."));
        assert!(svg.contains("1 min") && !svg.contains("1 h"));
        assert_eq!(steps(90, 90), floor() - ABOVE);
        assert_eq!(steps(0, 90), 0);
        assert!(steps(60, 86_400) < steps(3_600, 86_400));
    }

    #[test]
    fn times_are_said_in_their_unit() {
        let said = [5, 300, 10_000, 400_000].map(duration);
        assert_eq!(said, ["5 s", "5 min", "2 h", "4 days"]);
    }
}
