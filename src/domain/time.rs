//! Points in time: microseconds since 1970, UTC.

use std::fmt;
use std::time::Duration;

use crate::domain::Invalid;

/// A point in time with the precision the databases keep: microseconds, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// Longest time that is counted in months.
const MONTHS_MAX: u32 = 1_200;

impl Timestamp {
    /// Earlier than everything.
    pub const MIN: Self = Self(0);
    /// Later than everything.
    pub const MAX: Self = Self(253_402_300_799_000_000);

    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    pub fn plus(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    pub fn minus(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// The same day so many months later, or the last one of a shorter month.
    pub fn plus_months(self, months: u32) -> Self {
        let time = jiff::Timestamp::from_microsecond(self.0).unwrap_or_default();
        let zoned = time.to_zoned(jiff::tz::TimeZone::UTC);
        let later = zoned.checked_add(jiff::Span::new().months(i64::from(months.min(MONTHS_MAX))));
        later.map_or(Self::MAX, |zoned| Self(zoned.timestamp().as_microsecond()))
    }

    /// The beginning of its day, UTC.
    pub fn day(self) -> Self {
        const DAY: i64 = 86_400_000_000;
        Self(self.0.div_euclid(DAY) * DAY)
    }

    /// `2026-12-31` (UTC).
    pub fn date(self) -> String {
        let time = jiff::Timestamp::from_microsecond(self.0).unwrap_or_default();
        time.strftime("%Y-%m-%d").to_string()
    }

    /// How long after `earlier` this is; zero when it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// RFC 3339 with milliseconds, `2026-11-21T21:52:00.000Z`: ActivityStreams and Mastodon's API.
    pub fn rfc3339(self) -> String {
        let time = jiff::Timestamp::from_microsecond(self.0).unwrap_or_default();
        time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
    }

    /// For people: `21 Nov 2026, 21:52` (UTC).
    pub fn for_people(self) -> String {
        let time = jiff::Timestamp::from_microsecond(self.0).unwrap_or_default();
        time.strftime("%-d %b %Y, %H:%M").to_string()
    }

    /// Reads a date (`2026-12-31`, its beginning in UTC) or an RFC 3339 time.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if let Ok(time) = text.parse::<jiff::Timestamp>() {
            return Ok(Self(time.as_microsecond()));
        }
        text.parse::<jiff::civil::Date>()
            .ok()
            .and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC).ok())
            .map(|zoned| Self(zoned.timestamp().as_microsecond()))
            .ok_or_else(|| Invalid::new("date", format!("{text:?} is not a date like 2026-12-31")))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.rfc3339())
    }
}

/// Reads a length of time such as `90s`, `15m`, `12h`, `7d` or `2w`.
pub fn parse_duration(text: &str) -> Result<Duration, Invalid> {
    let invalid = || {
        Invalid::new(
            "duration",
            format!("{text:?} is not a length of time like 12h or 7d"),
        )
    };
    let unit = text.chars().last().ok_or_else(invalid)?;
    let seconds_per_unit = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return Err(invalid()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| invalid())?;
    let seconds = number
        .checked_mul(seconds_per_unit)
        .filter(|seconds| *seconds <= 100 * 366 * 86_400);
    seconds.map(Duration::from_secs).ok_or_else(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_are_read_and_written() {
        let time = Timestamp::parse("2026-11-21T21:52:00.123Z").unwrap();
        assert_eq!(time.rfc3339(), "2026-11-21T21:52:00.123Z");
        assert_eq!(
            Timestamp::parse("2026-11-21").unwrap().rfc3339(),
            "2026-11-21T00:00:00.000Z"
        );
        assert!(Timestamp::parse("tomorrow").is_err());
    }

    #[test]
    fn months_end_where_the_month_does() {
        let after = |text: &str, months| Timestamp::parse(text).unwrap().plus_months(months);
        let day = |text: &str| Timestamp::parse(text).unwrap();
        assert_eq!(after("2026-11-30", 3), day("2027-02-28"));
        assert_eq!(after("2026-11-30", 12), day("2027-11-30"));
    }

    #[test]
    fn durations_have_units_and_limits() {
        assert_eq!(
            parse_duration("7d").unwrap(),
            Duration::from_secs(7 * 86_400)
        );
        for bad in ["", "7", "d", "7y", "-1d", "99999999999w", "１d"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }
}
