//! [`VoteFilter`]: which votes a form means, as typed and as understood; one shape for previews, resets and the feed.
//!
//! Fields take what pages show: tools by name, ids by their end, and addresses of pages that name either.

use super::form::Form;
use super::state::AdminState;
use crate::auth::name;
use crate::domain::{Choice, NetworkHash, Slug, Timestamp, VoterId};
use crate::http::problem::{Code, Problem};
use crate::http::request;
use crate::moderation::insights::MIN_DIGITS;
use crate::moderation::selection::{AnyOf, Id, MAX_LIST, VoteSelection};
use crate::web::admin::format;

/// Characters of a field that is read at all: a hundred ids and their commas fit.
const MAX_FIELD_CHARS: usize = 8_000;

/// The fields, as typed; empty where absent.
#[derive(Debug, Clone, Default)]
pub struct VoteFilter {
    pub tool: String,
    pub from: String,
    pub to: String,
    /// One or several, with commas between.
    pub voter: String,
    pub network: String,
    pub choice: String,
}

/// A time that may be absent.
pub fn time(field: &str, text: &str) -> Result<Option<Timestamp>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    format::read_time(text).map(Some).ok_or_else(|| {
        Problem::invalid(format!(
            "{field}: expected a time such as 2026-11-24T02:00:00 (UTC)."
        ))
    })
}

/// A time to come that may be absent.
pub fn end(field: &str, text: &str, now: Timestamp) -> Result<Option<Timestamp>, Problem> {
    let end = time(field, text)?;
    if end.is_some_and(|end| end <= now) {
        return Err(Problem::invalid(format!(
            "{field}: expected a time in the future."
        )));
    }
    Ok(end)
}

/// What a pasted address says of `field`; other text as it is.
fn unlinked<'a>(text: &'a str, field: &str) -> std::borrow::Cow<'a, str> {
    if !text.starts_with('/') && !text.contains("://") {
        return text.into();
    }
    let address = text.split('#').next().unwrap_or_default();
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    if let Some(value) = request::query(query, field) {
        return value.into();
    }
    let slug = path.split("/tools/").nth(1).filter(|_| field == "tool");
    slug.and_then(|rest| rest.split('/').next())
        .map_or_else(|| text.into(), Into::into)
}

/// The digits of an id's end as pages show it, such as `visitor \u{2026}55556666`.
fn last_digits(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let mut rest = lower.as_str();
    for word in ["visitor", "voter", "network"] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    let digits: String = rest
        .trim_start_matches([':', ' ', '\u{2026}', '.'])
        .chars()
        .filter(|c| *c != '-')
        .collect();
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_hex && (MIN_DIGITS..=32).contains(&digits.len())).then_some(digits)
}

impl VoteFilter {
    pub fn read(form: &Form) -> Self {
        let list = |name| form.all(name).collect::<Vec<_>>().join(", ");
        Self {
            tool: form.text("tool"),
            from: form.text("from"),
            to: form.text("to"),
            voter: list("voter"),
            network: list("network"),
            choice: form.text("choice"),
        }
    }

    /// The fields that are given, for a form that carries them on.
    pub fn fields(&self) -> Vec<(&'static str, &str)> {
        [
            ("tool", &self.tool),
            ("from", &self.from),
            ("to", &self.to),
            ("voter", &self.voter),
            ("network", &self.network),
            ("choice", &self.choice),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name, value.as_str()))
        .collect()
    }

    pub fn query(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.fields())
            .finish()
    }

    /// The query string of one field alone.
    pub fn query_of(&self, field: &str) -> String {
        let fields = self.fields().into_iter();
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields.filter(|(name, _)| *name == field))
            .finish()
    }

    pub fn window(&self) -> Result<(Option<Timestamp>, Option<Timestamp>), Problem> {
        let (from, to) = (time("from", &self.from)?, time("to", &self.to)?);
        if from.is_some_and(|from| to.is_some_and(|to| from >= to)) {
            return Err(Problem::invalid("to: expected a time after `from`."));
        }
        Ok((from, to))
    }

    /// The tool, by slug, by name, or by the address of its page; nothing if none is typed.
    ///
    /// # Errors
    /// 404 for an unknown one, 422 for a name of several, naming the field.
    pub fn tool(&self, state: &AdminState) -> Result<Option<Slug>, Problem> {
        if self.tool.is_empty() {
            return Ok(None);
        }
        let typed = unlinked(&self.tool, "tool");
        let lower = typed.trim().to_lowercase();
        if let Some(entry) = state.board.find(&lower) {
            return Ok(Some(entry.slug()));
        }
        let named = state.board.all().into_iter().filter(|entry| {
            let name = state.name(entry.slug().as_str());
            name.trim().to_lowercase() == lower
        });
        let named: Vec<Slug> = named.map(|entry| entry.slug()).collect();
        match named.as_slice() {
            [slug] => Ok(Some(slug.clone())),
            [] => {
                let typed: String = typed.chars().take(80).collect();
                Err(unknown_tool(format!(
                    "tool: no tool is called \u{201c}{typed}\u{201d}."
                )))
            }
            _ => Err(Problem::invalid(format!(
                "tool: {} tools have this name; use the slug of one of them.",
                named.len()
            ))),
        }
    }

    /// The tool, which must be named.
    pub fn needed_tool(&self, state: &AdminState) -> Result<Slug, Problem> {
        self.tool(state)?
            .ok_or_else(|| unknown_tool("tool: name the tool.".to_owned()))
    }

    pub fn choice(&self) -> Result<Option<Choice>, Problem> {
        if self.choice.is_empty() {
            return Ok(None);
        }
        Choice::parse(&self.choice)
            .map(Some)
            .ok_or_else(|| Problem::invalid("choice: expected ship or skip."))
    }

    /// The voters that are named, each by its id or by the end of it.
    pub async fn voters(
        &self,
        state: &AdminState,
        tool: Option<i32>,
    ) -> Result<AnyOf<VoterId>, Problem> {
        let parse =
            |text: &str| name::of_staff(text).or_else(|| VoterId::parse(&text.to_lowercase()));
        let mut ids = Vec::new();
        for text in listed("voter", &self.voter)? {
            let text = unlinked(text, "voter");
            let id = if let Some(id) = parse(&text) {
                id
            } else {
                let digits = last_digits(&text).ok_or_else(|| unreadable("voter", &text))?;
                let found = state.moderation.voters_ending_in(tool, &digits).await?;
                only("voter", &text, &found)?
            };
            ids.push(id);
        }
        Ok(any(&self.voter, ids))
    }

    /// The networks that are named, each by its hash or by the end of it.
    pub async fn networks(
        &self,
        state: &AdminState,
        tool: Option<i32>,
    ) -> Result<AnyOf<NetworkHash>, Problem> {
        let mut ids = Vec::new();
        for text in listed("network", &self.network)? {
            let text = unlinked(text, "network");
            let digits = last_digits(&text).ok_or_else(|| unreadable("network", &text))?;
            let id = if let Some(id) = NetworkHash::parse(&digits) {
                id
            } else {
                let found = state.moderation.networks_ending_in(tool, &digits).await?;
                only("network", &text, &found)?
            };
            ids.push(id);
        }
        Ok(any(&self.network, ids))
    }

    /// The votes that are meant.
    pub async fn selection(&self, state: &AdminState) -> Result<VoteSelection, Problem> {
        let tool = self.needed_tool(state)?;
        let (from, to) = self.window()?;
        let choice = self.choice()?;
        let id = Some(state.moderation.tool(tool.as_str())?.id);
        Ok(VoteSelection {
            from,
            to,
            voters: self.voters(state, id).await?,
            networks: self.networks(state, id).await?,
            choice,
            tool,
        })
    }

    /// A selection as a form carries it on: ids in full, the tool by its slug.
    pub fn of(votes: &VoteSelection) -> Self {
        let time = |at: Option<Timestamp>| at.map_or_else(String::new, |at| at.to_string());
        Self {
            tool: votes.tool.to_string(),
            from: time(votes.from),
            to: time(votes.to),
            voter: votes.voters.texts().unwrap_or_default().join(", "),
            network: votes.networks.texts().unwrap_or_default().join(", "),
            choice: votes.choice.map_or("", Choice::as_str).to_owned(),
        }
    }
}

/// 404, beside the field.
fn unknown_tool(detail: String) -> Problem {
    Problem::new(Code::UnknownTool, detail)
}

/// The entries of a field.
fn listed<'a>(field: &str, text: &'a str) -> Result<Vec<&'a str>, Problem> {
    if text.chars().count() > MAX_FIELD_CHARS {
        return Err(Problem::invalid(format!("{field}: the value is too long.")));
    }
    let entries: Vec<&str> = text
        .split([',', '\n'])
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .collect();
    if entries.len() > MAX_LIST {
        return Err(Problem::invalid(format!(
            "{field}: expected at most {MAX_LIST} at once, found {}.",
            entries.len()
        )));
    }
    Ok(entries)
}

fn any<T: Id>(text: &str, ids: Vec<T>) -> AnyOf<T> {
    if text.is_empty() {
        AnyOf::default()
    } else {
        AnyOf::of(ids)
    }
}

/// The only id that was found for `text`.
fn only<T: Id>(field: &str, text: &str, found: &[T]) -> Result<T, Problem> {
    match found {
        [id] => Ok(*id),
        [] => Err(Problem::invalid(format!(
            "{field}: no vote has a {field} whose id ends in \u{201c}{}\u{201d}.",
            text.chars().take(80).collect::<String>()
        ))),
        _ => Err(Problem::invalid(format!(
            "{field}: several {field}s have an id that ends in \u{201c}{}\u{201d}. Give the whole id.",
            text.chars().take(80).collect::<String>()
        ))),
    }
}

fn unreadable(field: &str, text: &str) -> Problem {
    Problem::invalid(format!(
        "{field}: expected the id of a {field}, or its end as the pages show it. Found \u{201c}{}\u{201d}.",
        text.chars().take(80).collect::<String>()
    ))
}

/// Which votes these criteria mean, in words.
pub fn described(
    (from, to): (Option<Timestamp>, Option<Timestamp>),
    voters: &AnyOf<VoterId>,
    networks: &AnyOf<NetworkHash>,
    choice: Option<Choice>,
) -> Vec<(&'static str, String)> {
    let cast = match (from, to) {
        (Some(from), Some(to)) => format!("{} up to {}", format::time(from), format::time(to)),
        (Some(from), None) => format!("from {} on", format::time(from)),
        (None, Some(to)) => format!("up to {}", format::time(to)),
        (None, None) => "at any time".to_owned(),
    };
    let short = |ids: Vec<String>| {
        let shown: Vec<String> = ids.iter().map(|id| format::short(id)).collect();
        shown.join(", ")
    };
    [
        Some(("Cast", cast)),
        voters.texts().map(|ids| ("By", short(ids))),
        networks.texts().map(|ids| match ids.len() {
            1 => ("From the network", short(ids)),
            _ => ("From the networks", short(ids)),
        }),
        choice.map(|choice| ("Choice", choice.as_str().to_owned())),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_carried_on_as_it_was_typed() {
        let network = "0a".repeat(16);
        let query = format!(
            "tool=a&from=2026-11-24T02:00&to=&network={network}&network=%20b1%20&choice=ship&other=1"
        );
        let filter = VoteFilter::read(&Form::of(&query));
        assert_eq!(filter.network, format!("{network}, b1"));
        let window = filter.window().expect("a window");
        assert_eq!(window, (Timestamp::parse("2026-11-24T02:00:00Z"), None));
        assert_eq!(filter.choice().expect("a choice"), Some(Choice::Ship));
        let again = VoteFilter::read(&Form::of(&filter.query()));
        assert_eq!(again.fields(), filter.fields());
    }

    #[test]
    fn what_cannot_be_understood_is_named() {
        let of = |query: &str| VoteFilter::read(&Form::of(query));
        for (bad, field) in [
            ("from=x", "from"),
            ("to=x", "to"),
            ("from=2026-11-24T02:00&to=2026-11-24T01:00", "to"),
        ] {
            let refused = of(bad).window().expect_err(bad);
            assert!(refused.detail().starts_with(field), "{}", refused.detail());
        }
        assert!(of("choice=x").choice().is_err());
        let many = "b1,".repeat(MAX_LIST + 1);
        assert!(listed("voter", &many).is_err());
        assert_eq!(
            listed("voter", " a , ,b\nc").expect("three"),
            ["a", "b", "c"]
        );
    }

    #[test]
    fn ids_are_read_as_pages_show_them() {
        for text in [
            "visitor \u{2026}55556666",
            "VISITOR \u{2026}55556666",
            "voter\u{2026}55556666",
            "...55556666",
            "5555-6666",
            "network 55556666",
        ] {
            assert_eq!(last_digits(text).as_deref(), Some("55556666"), "{text}");
        }
        for text in ["", "123", "visitor", "anna", &"a".repeat(33)] {
            assert_eq!(last_digits(text), None, "{text}");
        }
        let page = "https://a.example/moderation/votes?tool=b&network=0a0b#x";
        assert_eq!(unlinked(page, "network"), "0a0b");
        assert_eq!(unlinked(page, "tool"), "b");
        assert_eq!(
            unlinked("/moderation/tools/codestral-2?from=x", "tool"),
            "codestral-2"
        );
        assert_eq!(unlinked("https://a.example/tools/b", "tool"), "b");
        assert_eq!(unlinked("Codestral 2", "tool"), "Codestral 2");
    }
}
