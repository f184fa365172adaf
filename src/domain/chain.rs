//! Logs whose lines cannot be changed unseen: each line has the digest of itself and of all before it.
//!
//! Nobody who can write the database is kept from writing a new chain as a whole. So an auditor keeps a
//! [`Checkpoint`] elsewhere: no line up to it can be changed, added, moved or taken away any more without the
//! log saying something else.

use std::fmt;

/// The digest before the first line.
pub const NOTHING_BEFORE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// How far a log was walked: so many lines, and the digest of the last. Everything before it is in it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Checkpoint {
    pub lines: i64,
    pub hash: String,
}

impl Default for Checkpoint {
    fn default() -> Self {
        Self {
            lines: 0,
            hash: NOTHING_BEFORE.to_owned(),
        }
    }
}

/// The first thing that is wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The chain has the line, the log has not.
    Removed { number: i64, id: i64 },
    /// The chain goes on after lines that it does not have.
    Gap { number: i64 },
    /// The line, or its place, is not the one that was linked.
    Altered { number: i64, id: i64, text: String },
    /// The log has the line, the chain has not.
    Inserted { id: i64, text: String },
    /// The chain never came by a checkpoint that it once had: its end was cut off, or all of it was written anew.
    Cut { expected: String },
}

impl Fault {
    /// The word for scripts.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Removed { .. } | Self::Gap { .. } => "removed",
            Self::Altered { .. } => "altered",
            Self::Inserted { .. } => "inserted",
            Self::Cut { .. } => "cut",
        }
    }

    /// The place in the chain, where it has one.
    pub const fn number(&self) -> Option<i64> {
        match self {
            Self::Removed { number, .. } | Self::Gap { number } | Self::Altered { number, .. } => {
                Some(*number)
            }
            Self::Inserted { .. } | Self::Cut { .. } => None,
        }
    }

    /// The row, where it is known.
    pub const fn row(&self) -> Option<i64> {
        match self {
            Self::Removed { id, .. } | Self::Altered { id, .. } | Self::Inserted { id, .. } => {
                Some(*id)
            }
            Self::Gap { .. } | Self::Cut { .. } => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Removed { number, id } => write!(f, "line {number} (row {id}) was removed"),
            Self::Gap { number } => write!(f, "line {number} was removed with its link"),
            Self::Altered { number, id, text } => {
                write!(f, "line {number} (row {id}) was changed or moved: {text}")
            }
            Self::Inserted { id, text } => {
                write!(f, "row {id} was inserted past the chain: {text}")
            }
            Self::Cut { expected } => write!(
                f,
                "no line has the digest {expected}: the end was cut off, or the log was written anew"
            ),
        }
    }
}

/// A line as it is found, with its link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    pub number: i64,
    pub id: i64,
    pub hash: String,
    /// What the line says, as it is linked; none: there is no such line.
    pub text: Option<String>,
    /// The digest that it has to have after the line before it.
    pub rightly: String,
}

/// Walks a log from its beginning and stops at the first fault.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    reached: Checkpoint,
}

impl Walk {
    pub const fn reached(&self) -> &Checkpoint {
        &self.reached
    }

    /// Goes on to the next line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn step(&mut self, line: Linked) -> Result<(), Fault> {
        let expected = self.reached.lines + 1;
        if line.number != expected {
            return Err(Fault::Gap { number: expected });
        }
        let (number, id) = (line.number, line.id);
        match line.text {
            None => return Err(Fault::Removed { number, id }),
            Some(text) if line.hash != line.rightly => {
                return Err(Fault::Altered { number, id, text });
            }
            Some(_) => {}
        }
        self.reached = Checkpoint {
            lines: number,
            hash: line.hash,
        };
        Ok(())
    }
}
