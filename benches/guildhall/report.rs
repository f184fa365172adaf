//! The table.

use std::fmt::Write as _;

/// What one measure came to.
pub struct Row {
    measure: String,
    value: f64,
    unit: &'static str,
    limit: Option<(&'static str, f64)>,
    target: Option<Target>,
}

#[derive(Clone, Copy)]
enum Target {
    AtLeast(f64),
    AtMost(f64),
    ShareAtLeast(f64),
}

impl Row {
    pub fn new(measure: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self {
            measure: measure.into(),
            value,
            unit,
            limit: None,
            target: None,
        }
    }

    /// What bounds it on this machine.
    pub fn of(mut self, limit: &'static str, value: f64) -> Self {
        self.limit = Some((limit, value));
        self
    }

    pub fn at_least(mut self, target: f64) -> Self {
        self.target = Some(Target::AtLeast(target));
        self
    }

    pub fn at_most(mut self, target: f64) -> Self {
        self.target = Some(Target::AtMost(target));
        self
    }

    /// At least this part of the limit.
    pub fn share_at_least(mut self, share: f64) -> Self {
        self.target = Some(Target::ShareAtLeast(share));
        self
    }

    fn share(&self) -> Option<f64> {
        self.limit.map(|(_, limit)| self.value / limit)
    }

    fn reached(&self) -> Option<bool> {
        self.target.map(|target| match target {
            Target::AtLeast(target) => self.value >= target,
            Target::AtMost(target) => self.value <= target,
            Target::ShareAtLeast(share) => self.share().is_some_and(|own| own >= share),
        })
    }

    fn line(&self) -> String {
        let limit = self
            .limit
            .map(|(name, value)| format!("{} {name}", number(value)));
        let target = self.target.map(|target| match target {
            Target::AtLeast(target) => format!("≥ {}", number(target)),
            Target::AtMost(target) => format!("≤ {}", number(target)),
            Target::ShareAtLeast(share) => format!("≥ {:.0} %", share * 100.0),
        });
        let reached = self.reached().map(|yes| if yes { "yes" } else { "**no**" });
        let share = self.share().map(|share| format!("{:.0} %", share * 100.0));
        format!(
            "| {} | {} | {} | {} | {} | {} | {} |",
            self.measure,
            number(self.value),
            self.unit,
            limit.unwrap_or_default(),
            share.unwrap_or_default(),
            target.unwrap_or_default(),
            reached.unwrap_or_default(),
        )
    }
}

#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
}

impl Report {
    pub fn extend(&mut self, rows: Vec<Row>) {
        for row in &rows {
            eprintln!("{}", row.line());
        }
        self.rows.extend(rows);
    }

    pub fn print(&self) {
        println!(
            "| measure | value | unit | limit of this machine | our share | target | reached |"
        );
        println!("|---|--:|---|--:|--:|--:|---|");
        for row in &self.rows {
            println!("{}", row.line());
        }
    }
}

/// Says what is going on, for whoever waits.
pub fn say(what: &str) {
    eprintln!("— {what}");
}

/// Three digits that count, thousands apart.
fn number(value: f64) -> String {
    if value < 10.0 {
        return format!("{value:.2}");
    }
    if value < 100.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        let _ = text.write_char(digit);
    }
    text
}

/// The value that `part` (0 to 1) of the values do not exceed.
pub fn percentile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a few thousand values"
    )]
    let index = ((values.len() - 1) as f64 * part).round() as usize;
    values[index]
}
