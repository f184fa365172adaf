//! Reading JSON that a stranger wrote: bounded in depth and size before anything is built from
//! it, and with one meaning only.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Deepest nesting of arrays and objects.
const DEPTH_MAX: usize = 64;
/// Values in one document, all levels together. A megabyte of text could hold half a million
/// small values, each a hundred times its text in memory.
const NODES_MAX: usize = 100_000;

/// Why a text is not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    #[error("the text is not JSON")]
    Malformed,
    #[error("the JSON is nested deeper than {DEPTH_MAX} levels")]
    TooDeep,
    #[error("the JSON has more than {NODES_MAX} values")]
    TooMany,
    /// Two readers might each believe another one: who is `actor` then?
    #[error("the JSON names a member twice: {0}")]
    Doubled(String),
    /// U+0000 cannot be stored as text in PostgreSQL, and no person writes it.
    #[error("the JSON contains a null character")]
    Null,
}

impl JsonError {
    /// A stable code for the security log.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Malformed => "json_malformed",
            Self::TooDeep => "json_too_deep",
            Self::TooMany => "json_too_many",
            Self::Doubled(_) => "json_doubled",
            Self::Null => "json_null",
        }
    }
}

/// Reads one JSON text of any size the caller accepted: stops at the first value too many, so
/// hostile text costs no more than what is allowed.
///
/// # Errors
/// See [`JsonError`]. No object, however deep, may name a member twice: RFC 8259, section 4
/// leaves open which one counts.
pub fn parse_bounded(bytes: &[u8]) -> Result<Value, JsonError> {
    let budget = Budget {
        nodes_left: Cell::new(NODES_MAX),
        problem: RefCell::new(None),
    };
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let node = Node {
        budget: &budget,
        depth_left: DEPTH_MAX,
    };
    node.deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|_| budget.problem.take().unwrap_or(JsonError::Malformed))
}

/// What is left for the whole document, and what went wrong (serde carries only text).
struct Budget {
    nodes_left: Cell<usize>,
    problem: RefCell<Option<JsonError>>,
}

impl Budget {
    fn fail<T, E: serde::de::Error>(&self, problem: JsonError) -> Result<T, E> {
        self.problem.replace(Some(problem));
        Err(E::custom("refused"))
    }
}

/// One value at its depth.
#[derive(Clone, Copy)]
struct Node<'b> {
    budget: &'b Budget,
    depth_left: usize,
}

impl Node<'_> {
    fn inside<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.depth_left.checked_sub(1) {
            Some(depth_left) => Ok(Self { depth_left, ..self }),
            None => self.budget.fail(JsonError::TooDeep),
        }
    }

    fn text<E: serde::de::Error>(self, text: String) -> Result<String, E> {
        if text.contains('\0') {
            return self.budget.fail(JsonError::Null);
        }
        Ok(text)
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match self.budget.nodes_left.get().checked_sub(1) {
            Some(left) => self.budget.nodes_left.set(left),
            None => return self.budget.fail(JsonError::TooMany),
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        self.text(value.to_owned()).map(Value::String)
    }

    fn visit_string<E: serde::de::Error>(self, value: String) -> Result<Value, E> {
        self.text(value).map(Value::String)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(inside)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let name = self.text(name)?;
            if object.contains_key(&name) {
                return self.budget.fail(JsonError::Doubled(name));
            }
            object.insert(name, members.next_value_seed(inside)?);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn problem(text: impl AsRef<[u8]>) -> JsonError {
        parse_bounded(text.as_ref()).unwrap_err()
    }

    #[test]
    fn ordinary_documents_are_read_as_they_are() {
        let text = r#"{"id":"https://p.test/1","n":[1,-2,3.5,true,null,{"a":{}}],"t":"\u00e4\n"}"#;
        assert_eq!(
            parse_bounded(text.as_bytes()).unwrap(),
            serde_json::from_str::<Value>(text).unwrap()
        );
        assert_eq!(parse_bounded(b" 1 ").unwrap(), json!(1));
    }

    #[test]
    fn a45_deep_and_wide_texts_are_refused() {
        assert_eq!(problem("[".repeat(100_000)), JsonError::TooDeep);
        assert_eq!(problem("{\"a\":".repeat(100_000)), JsonError::TooDeep);
        let nested = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse_bounded(nested(DEPTH_MAX).as_bytes()).is_ok());
        assert_eq!(problem(nested(DEPTH_MAX + 1)), JsonError::TooDeep);

        let keys: Vec<_> = (0..1_000_000).map(|n| format!("\"k{n}\":0")).collect();
        assert_eq!(
            problem(format!("{{{}}}", keys.join(","))),
            JsonError::TooMany
        );
        assert_eq!(
            problem(format!("[{}]", vec!["0"; NODES_MAX].join(","))),
            JsonError::TooMany
        );
        assert!(
            parse_bounded(format!("[{}]", vec!["0"; NODES_MAX - 1].join(",")).as_bytes()).is_ok()
        );
    }

    #[test]
    fn a_member_named_twice_has_no_meaning() {
        for name in ["id", "type", "actor", "object", "x"] {
            let text = format!(r#"{{"{name}":"a","o":[{{}}],"{name}":"b"}}"#);
            assert_eq!(problem(&text), JsonError::Doubled(name.to_owned()));
            assert_eq!(
                problem(format!(r#"{{"object":{text}}}"#)),
                JsonError::Doubled(name.to_owned())
            );
        }
        // The same name in another spelling.
        assert_eq!(
            problem(r#"{"actor":1,"\u0061ctor":2}"#),
            JsonError::Doubled("actor".into())
        );
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in [
            "",
            "{",
            "{}x",
            "{} {}",
            "nul",
            "'a'",
            "[1,]",
            "\u{feff}{}",
            "1e999",
        ] {
            assert_eq!(problem(text), JsonError::Malformed, "{text}");
        }
        assert_eq!(problem(b"\"\xff\""), JsonError::Malformed);
        assert_eq!(problem(r#""a\u0000""#), JsonError::Null);
        assert_eq!(problem(r#"{"a\u0000":1}"#), JsonError::Null);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in r#"[\[\]{}:,"a0\\. -]{0,60}"#) {
            let ours = parse_bounded(text.as_bytes());
            if let Ok(value) = ours {
                prop_assert_eq!(value, serde_json::from_str::<Value>(&text).unwrap());
            }
        }
    }
}
