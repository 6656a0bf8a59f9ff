//! Schemas and texts of the document in a reader's words.

use serde_json::Value;

/// Text with what stood between backticks told from the rest.
pub(super) struct Prose(pub Vec<(bool, String)>);

impl Prose {
    pub fn of(text: &str) -> Self {
        let parts = text.split('`').enumerate();
        Self(
            parts
                .filter(|(_, part)| !part.is_empty())
                .map(|(at, part)| (at % 2 == 1, part.to_owned()))
                .collect(),
        )
    }

    pub fn field(value: &Value) -> Self {
        Self::of(value.as_str().unwrap_or_default())
    }

    pub fn paragraphs(text: &str) -> Vec<Self> {
        text.split("\n\n").map(Self::of).collect()
    }
}

/// What a value is, and the schema to look it up under.
pub(super) struct ValueType {
    pub text: String,
    pub schema: Option<String>,
}

/// `#/components/schemas/Tally` is `Tally`.
fn name(reference: &str) -> String {
    reference.rsplit('/').next().unwrap_or(reference).to_owned()
}

impl ValueType {
    fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            schema: None,
        }
    }

    fn map(self, with: impl FnOnce(String) -> String) -> Self {
        Self {
            text: with(self.text),
            schema: self.schema,
        }
    }

    pub fn of(schema: &Value) -> Self {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = name(reference);
            return Self {
                text: name.clone(),
                schema: Some(name),
            };
        }
        if let Some(choices) = schema["oneOf"].as_array() {
            return Self::choice(choices);
        }
        if let Some(values) = schema["enum"].as_array() {
            let values: Vec<String> = values.iter().map(Value::to_string).collect();
            return Self::plain(values.join(" or "));
        }
        let types = match &schema["type"] {
            Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
            Value::String(name) => vec![name.as_str()],
            _ => vec!["any"],
        };
        let nullable = types.contains(&"null");
        let bare = types.into_iter().find(|name| *name != "null");
        let kind = match bare.unwrap_or("null") {
            "array" => Self::of(&schema["items"]).map(|item| format!("list of {item}")),
            "string" => Self::plain(match schema["format"].as_str() {
                Some("date-time") => "time",
                _ => "text",
            }),
            "integer" => Self::plain("whole number"),
            other => Self::plain(other),
        };
        let bounded = kind.map(|text| text + &bounds(schema));
        if nullable {
            bounded.map(|text| text + ", or null")
        } else {
            bounded
        }
    }

    fn choice(choices: &[Value]) -> Self {
        let null = choices.iter().any(|choice| choice["type"] == "null");
        let kinds: Vec<Self> = choices
            .iter()
            .filter(|choice| choice["type"] != "null")
            .map(Self::of)
            .collect();
        let texts: Vec<&str> = kinds.iter().map(|kind| kind.text.as_str()).collect();
        let text = texts.join(" or ") + if null { ", or null" } else { "" };
        Self {
            text,
            schema: kinds.into_iter().find_map(|kind| kind.schema),
        }
    }
}

fn bounds(schema: &Value) -> String {
    let named = [
        ("minimum", "from"),
        ("maximum", "to"),
        ("minLength", "at least"),
        ("maxLength", "at most"),
        ("maxItems", "at most"),
        ("default", "else"),
    ];
    let mut text = String::new();
    for (field, word) in named {
        if let bound @ (Value::Number(_) | Value::String(_)) = &schema[field] {
            text += ", ";
            text += word;
            text += " ";
            text += bound.to_string().trim_matches('"');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn schemas_are_said_in_words() {
        let said = |schema: Value| ValueType::of(&schema).text;
        let tally = json!({"$ref": "#/components/schemas/Tally"});
        assert_eq!(
            said(json!({"type": "array", "items": tally})),
            "list of Tally"
        );
        assert_eq!(
            said(json!({"oneOf": [tally, {"type": "null"}]})),
            "Tally, or null"
        );
        assert_eq!(
            said(json!({"type": ["integer", "null"]})),
            "whole number, or null"
        );
        assert_eq!(
            said(json!({"type": "string", "format": "date-time"})),
            "time"
        );
        assert_eq!(
            said(json!({"type": "string", "enum": ["ship", "skip"]})),
            "\"ship\" or \"skip\""
        );
        assert_eq!(
            said(json!({"type": "integer", "minimum": 1, "maximum": 100})),
            "whole number, from 1, to 100"
        );
    }

    #[test]
    fn what_stands_between_backticks_is_code() {
        let parts = Prose::of("send `id` back").0;
        assert_eq!(
            parts.iter().map(|(code, _)| *code).collect::<Vec<_>>(),
            [false, true, false]
        );
    }
}
