//! [`VoteFilter`]: which votes a form means, as typed and as understood; one shape for previews, resets and the feed.

use super::form::Form;
use crate::auth::name;
use crate::domain::{Choice, NetworkHash, Slug, Timestamp, VoterId};
use crate::http::problem::Problem;
use crate::moderation::removals::plan::Plan;
use crate::moderation::removals::resets::{ResetRequest, WithBan};
use crate::web::admin::format;

/// The fields, as given; empty where absent.
#[derive(Debug, Clone, Default)]
pub struct VoteFilter {
    pub tool: String,
    pub from: String,
    pub to: String,
    pub voter: String,
    pub network: String,
    pub choice: String,
}

fn read<T>(
    field: &str,
    text: &str,
    parse: impl Fn(&str) -> Option<T>,
    expected: &str,
) -> Result<Option<T>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    parse(text)
        .map(Some)
        .ok_or_else(|| Problem::invalid(format!("{field}: expected {expected}.")))
}

/// A time that may be absent.
///
/// # Errors
/// 422, naming the field.
pub fn time(field: &str, text: &str) -> Result<Option<Timestamp>, Problem> {
    read(
        field,
        text,
        format::read_time,
        "a time such as 2026-11-24T02:00:00 (UTC)",
    )
}

/// A time to come that may be absent.
///
/// # Errors
/// 422, naming the field.
pub fn end(field: &str, text: &str, now: Timestamp) -> Result<Option<Timestamp>, Problem> {
    let end = time(field, text)?;
    if end.is_some_and(|end| end <= now) {
        return Err(Problem::invalid(format!(
            "{field}: expected a time to come."
        )));
    }
    Ok(end)
}

impl VoteFilter {
    #[must_use]
    pub fn read(form: &Form) -> Self {
        Self {
            tool: form.text("tool"),
            from: form.text("from"),
            to: form.text("to"),
            voter: form.text("voter"),
            network: form.text("network"),
            choice: form.text("choice"),
        }
    }

    /// The fields that are given, for a form that carries them on.
    #[must_use]
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

    /// Its query string.
    #[must_use]
    pub fn query(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.fields())
            .finish()
    }

    /// The window.
    ///
    /// # Errors
    /// 422, naming the field.
    pub fn window(&self) -> Result<(Option<Timestamp>, Option<Timestamp>), Problem> {
        Ok((time("from", &self.from)?, time("to", &self.to)?))
    }

    /// # Errors
    /// 422 where it is no voter's id.
    pub fn voter(&self) -> Result<Option<VoterId>, Problem> {
        let expected = "a voter's id as the votes show it, such as visitor:UUID";
        read("voter", &self.voter, name::of_staff, expected)
    }

    /// # Errors
    /// 422 where it is no network's hash.
    pub fn network(&self) -> Result<Option<NetworkHash>, Problem> {
        let expected = "a network's hash: 32 hexadecimal digits";
        read("network", &self.network, NetworkHash::parse, expected)
    }

    /// The reset that is meant.
    ///
    /// # Errors
    /// 422, naming the field.
    pub fn wanted(
        &self,
        reason: String,
        plan: Option<Plan>,
        ban: Option<WithBan>,
    ) -> Result<ResetRequest, Problem> {
        let (from, to) = self.window()?;
        Ok(ResetRequest {
            tool: Slug::parse(&self.tool).ok_or_else(|| Problem::unknown_tool(&self.tool))?,
            reason,
            from,
            to,
            voter: self.voter()?,
            network: self.network()?,
            choice: read("choice", &self.choice, choice, "ship or skip")?,
            plan,
            ban,
        })
    }
}

fn choice(text: &str) -> Option<Choice> {
    [Choice::Ship, Choice::Skip]
        .into_iter()
        .find(|choice| choice.as_str() == text)
}

/// Which votes these criteria mean, in words.
#[must_use]
pub fn described(
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    voter: Option<String>,
    network: Option<String>,
    choice: Option<Choice>,
) -> Vec<(&'static str, String)> {
    let cast = match (from, to) {
        (Some(from), Some(to)) => format!("{} up to {}", format::time(from), format::time(to)),
        (Some(from), None) => format!("from {} on", format::time(from)),
        (None, Some(to)) => format!("up to {}", format::time(to)),
        (None, None) => "at any time".to_owned(),
    };
    [
        Some(("Cast", cast)),
        voter.map(|voter| ("By the voter", voter)),
        network.map(|network| ("From the network", network)),
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
    fn what_a_form_says_is_understood_or_named() {
        let network = "0a".repeat(16);
        let query =
            format!("tool=a&from=2026-11-24T02:00&to=&network={network}&choice=ship&other=1");
        let asked = VoteFilter::read(&Form::of(&query));
        let wanted = asked.wanted("why".to_owned(), None, None).expect("wanted");
        assert_eq!(wanted.from, Timestamp::parse("2026-11-24T02:00:00Z"));
        assert_eq!((wanted.to, wanted.choice), (None, Some(Choice::Ship)));
        assert_eq!(wanted.network.map(NetworkHash::text), Some(network));
        let again = VoteFilter::read(&Form::of(&asked.query()));
        assert_eq!(again.fields(), asked.fields());
        for (bad, field) in [
            ("from=x", "from"),
            ("voter=x", "voter"),
            ("network=1", "network"),
            ("choice=x", "choice"),
        ] {
            let asked = VoteFilter::read(&Form::of(&format!("tool=a&{bad}")));
            let refused = asked.wanted(String::new(), None, None).expect_err(bad);
            assert!(refused.detail().starts_with(field), "{}", refused.detail());
        }
    }
}
