//! An OpenAPI document, as a test reads it: what there is, and whether an answer is what it says.
//!
//! Stricter than a validator of JSON Schema has to be: a field that is not described is a mistake, and so
//! is a word of the schema language that is not understood here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

pub struct Document(Value);

/// Words that say nothing about which values there may be.
const SILENT: &[&str] = &["description", "example", "examples", "default", "title"];

type Outcome = Result<(), String>;

impl Document {
    /// # Panics
    /// When it is no document of the version that is promised, or refers to what is not there.
    pub fn new(document: Value) -> Self {
        let version = document["openapi"].as_str().expect("a version");
        assert!(version.starts_with("3.1."), "{version}");
        let document = Self(document);
        document.follow_all(&document.0);
        document
    }

    fn follow_all(&self, part: &Value) {
        match part {
            Value::Object(fields) => {
                if let Some(reference) = fields.get("$ref") {
                    self.follow(reference).expect("something at its end");
                }
                fields.values().for_each(|field| self.follow_all(field));
            }
            Value::Array(items) => items.iter().for_each(|item| self.follow_all(item)),
            _ => {}
        }
    }

    /// All that can be done, as `GET /accounts`.
    pub fn operations(&self) -> BTreeSet<String> {
        let paths = self.0["paths"].as_object().expect("paths");
        let of_path = |(path, item): (&String, &Value)| {
            let methods = item.as_object().expect("methods").keys();
            let methods: Vec<String> = methods
                .map(|method| format!("{} {path}", method.to_ascii_uppercase()))
                .collect();
            methods
        };
        paths.iter().flat_map(of_path).collect()
    }

    fn operation(&self, path: &str, method: &str) -> &Value {
        let operation = &self.0["paths"][path][method.to_ascii_lowercase()];
        assert!(operation.is_object(), "the document has no {method} {path}");
        operation
    }

    /// Whether an operation says what comes with a status.
    pub fn names(&self, path: &str, method: &str, status: u16) -> bool {
        let answers = &self.operation(path, method)["responses"];
        answers[status.to_string()].is_object()
    }

    /// Whether a body is what the operation says of its status.
    pub fn check(&self, path: &str, method: &str, status: u16, body: &Value) -> Outcome {
        let answers = &self.operation(path, method)["responses"];
        let answer = match &answers[status.to_string()] {
            Value::Null => &answers["default"],
            named => named,
        };
        let schema = &answer["content"]["application/json"]["schema"];
        self.fits(schema, body, "the body")
    }

    fn fits(&self, schema: &Value, value: &Value, at: &str) -> Outcome {
        let words = schema.as_object().ok_or(format!("{at} has no schema"))?;
        if let Some(properties) = self.properties(schema)? {
            self.fits_object(schema, &properties, value, at)?;
        }
        for (word, said) in words {
            match word.as_str() {
                "$ref" => self.fits(self.follow(said)?, value, at)?,
                "type" => fits_type(said, value, at)?,
                "items" => {
                    let items = value.as_array().into_iter().flatten().enumerate();
                    for (number, item) in items {
                        self.fits(said, item, &format!("{at}[{number}]"))?;
                    }
                }
                "enum" if !list(said).contains(value) => {
                    return Err(format!("{at} is {value}, which is none of {said}"));
                }
                "oneOf" => {
                    let fitting = list(said).iter();
                    let fitting = fitting.filter(|one| self.fits(one, value, at).is_ok());
                    if fitting.count() != 1 {
                        return Err(format!("{at} is {value}, not one of {said}"));
                    }
                }
                "pattern" => fits_pattern(said, value, at)?,
                "format" => fits_format(said, value, at)?,
                "minimum" => {
                    let least = said.as_f64().ok_or("a minimum that is no number")?;
                    if value.as_f64().is_some_and(|number| number < least) {
                        return Err(format!("{at} is {value}, less than {said}"));
                    }
                }
                // Looked at as one object, above.
                "enum" | "properties" | "required" | "allOf" => {}
                word if SILENT.contains(&word) => {}
                word => return Err(format!("{at}: nobody here understands {word:?}")),
            }
        }
        Ok(())
    }

    fn fits_object(
        &self,
        schema: &Value,
        properties: &BTreeMap<String, Value>,
        value: &Value,
        at: &str,
    ) -> Outcome {
        let Some(fields) = value.as_object() else {
            return Err(format!("{at} is {value}, not an object"));
        };
        for name in self.required(schema)? {
            if !fields.contains_key(&name) {
                return Err(format!("{at} lacks {name}"));
            }
        }
        for (name, field) in fields {
            let schema = properties.get(name);
            let schema = schema.ok_or(format!("{at} has {name}, which is not described"))?;
            self.fits(schema, field, &format!("{at}.{name}"))?;
        }
        Ok(())
    }

    /// The fields of an object, of all its parts; none: it is no object. What is behind a reference alone
    /// is looked at there.
    fn properties(&self, schema: &Value) -> Result<Option<BTreeMap<String, Value>>, String> {
        let mut all = BTreeMap::new();
        let parts = list(&schema["allOf"]);
        for part in parts {
            all.extend(self.properties(self.followed(part)?)?.unwrap_or_default());
        }
        let own: Option<&Map<String, Value>> = schema["properties"].as_object();
        for (name, schema) in own.into_iter().flatten() {
            all.insert(name.clone(), schema.clone());
        }
        Ok((own.is_some() || !parts.is_empty()).then_some(all))
    }

    fn required(&self, schema: &Value) -> Result<Vec<String>, String> {
        let mut all: Vec<String> = list(&schema["required"])
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        for part in list(&schema["allOf"]) {
            all.extend(self.required(self.followed(part)?)?);
        }
        Ok(all)
    }

    fn followed<'a>(&'a self, schema: &'a Value) -> Result<&'a Value, String> {
        match &schema["$ref"] {
            Value::Null => Ok(schema),
            reference => self.follow(reference),
        }
    }

    fn follow(&self, reference: &Value) -> Result<&Value, String> {
        let pointer = reference.as_str().and_then(|text| text.strip_prefix('#'));
        let found = pointer.and_then(|pointer| self.0.pointer(pointer));
        found.ok_or(format!("{reference} leads nowhere"))
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn fits_type(said: &Value, value: &Value, at: &str) -> Outcome {
    let is = |kind: &str| match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    let fits = match said {
        Value::String(kind) => is(kind),
        kinds => list(kinds).iter().filter_map(Value::as_str).any(is),
    };
    fits.then_some(())
        .ok_or(format!("{at} is {value}, not {said}"))
}

fn fits_pattern(said: &Value, value: &Value, at: &str) -> Outcome {
    if said != "^[1-9][0-9]*$" {
        return Err(format!("{at}: nobody here understands the pattern {said}"));
    }
    let text = value.as_str().unwrap_or_default();
    let is_number = !text.starts_with('0') && !text.is_empty();
    let is_number = is_number && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number
        .then_some(())
        .ok_or(format!("{at} is {value}, no number of a row"))
}

fn fits_format(said: &Value, value: &Value, at: &str) -> Outcome {
    match said.as_str() {
        // How large a number may be; JSON's are.
        Some("int32" | "int64") => Ok(()),
        Some("date-time") => {
            let time = value.as_str().map(str::parse::<jiff::Timestamp>);
            let time = time.is_none_or(|parsed| parsed.is_ok());
            time.then_some(())
                .ok_or(format!("{at} is {value}, no time"))
        }
        _ => Err(format!("{at}: nobody here understands the format {said}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Document;

    #[test]
    fn what_does_not_fit_is_found() {
        let answer = |schema| json!({ "content": { "application/json": { "schema": schema } } });
        let person = json!({
            "type": "object",
            "required": ["id", "tags"],
            "properties": {
                "id": { "type": "string", "pattern": "^[1-9][0-9]*$" },
                "tags": { "type": "array", "items": { "type": "string", "enum": ["a", "b"] } },
                "at": { "oneOf": [{ "type": "null" }, { "type": "string", "format": "date-time" }] },
            },
        });
        let document = Document::new(json!({
            "openapi": "3.1.0",
            "paths": { "/x": { "get": { "responses": {
                "200": answer(json!({ "allOf": [{ "$ref": "#/person" }, { "type": "object", "properties": { "n": { "type": "integer" } } }] })),
            } } } },
            "person": person,
        }));
        let fits = |body| document.check("/x", "GET", 200, &body);
        let good = json!({ "id": "7", "tags": ["a"], "at": null, "n": 1 });
        assert_eq!(fits(good.clone()), Ok(()));
        for (field, value) in [
            ("id", json!("07")),
            ("id", json!(7)),
            ("tags", json!(["c"])),
            ("at", json!("yesterday")),
            ("n", json!(1.5)),
            ("more", json!(1)),
        ] {
            let mut bad = good.clone();
            bad[field] = value;
            assert!(fits(bad).is_err(), "{field}");
        }
        assert!(fits(json!({ "id": "7" })).is_err());
        assert!(fits(json!([])).is_err());
    }
}
