//! A query string, taken apart: single values, lists of tools, and [`Parameters`] where every name must be known.
//!
//! Routes call it. It must never take more than its bounds say.

use crate::domain::Slug;
use crate::http::problem::Problem;

/// The first value of `name` in a query string, decoded.
pub fn query(query_string: &str, name: &str) -> Option<String> {
    url::form_urlencoded::parse(query_string.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// The parameters of a query string, each known and there at most once.
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Takes the query string apart; `known` are the names that it may use.
    ///
    /// # Errors
    /// 422, naming the parameter that is unknown or there twice.
    pub fn read(query_string: &str, known: &[&str]) -> Result<Self, Problem> {
        let mut given: Vec<(String, String)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(query_string.as_bytes()) {
            if !known.contains(&name.as_ref()) {
                let shown: String = name.chars().take(64).collect();
                return Err(Problem::invalid(format!(
                    "{shown}: unknown parameter. Known: {}.",
                    known.join(", ")
                )));
            }
            if given.iter().any(|(there, _)| *there == name) {
                return Err(Problem::invalid(format!("{name}: given more than once.")));
            }
            given.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(given))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(there, _)| there == name)
            .map(|(_, value)| value.as_str())
    }

    /// `limit`, or `most` where it is not there.
    ///
    /// # Errors
    /// 422 outside 1 to `most`.
    pub fn limit(&self, most: usize) -> Result<usize, Problem> {
        let Some(text) = self.get("limit") else {
            return Ok(most);
        };
        text.parse()
            .ok()
            .filter(|limit| (1..=most).contains(limit) && !text.starts_with('+'))
            .ok_or_else(|| Problem::invalid(format!("limit: expected 1 to {most}.")))
    }
}

/// `tools=a,b`: what was asked for, in order, each once. What is no slug at all comes back as text among the unknown.
///
/// # Errors
/// 422 for none, or more than `most`.
pub fn tools(query_string: &str, most: usize) -> Result<Vec<Result<Slug, String>>, Problem> {
    let text = query(query_string, "tools").unwrap_or_default();
    let mut asked: Vec<&str> = Vec::new();
    for item in text
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
    {
        if asked.len() > most {
            break;
        }
        if !asked.contains(&item) {
            asked.push(item);
        }
    }
    if asked.is_empty() || asked.len() > most {
        return Err(Problem::invalid(format!(
            "tools: expected 1 to {most} slugs, comma separated."
        )));
    }
    Ok(asked
        .into_iter()
        .map(|item| Slug::parse(item).ok_or_else(|| item.to_owned()))
        .collect())
}

/// `limit` and `cursor` of a list that is computed whole: the cursor is the position at which a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section {
    limit: usize,
    position: usize,
}

impl Section {
    /// Reads them; without `limit` it is `usual`.
    ///
    /// # Errors
    /// 422 for a limit outside 1 to 100, or a cursor that no page gave.
    pub fn read(query_string: &str, usual: usize) -> Result<Self, Problem> {
        let read = |name: &str, otherwise: usize| {
            let text = query(query_string, name);
            text.map_or(Some(otherwise), |text| {
                let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
                text.parse().ok().filter(|_| is_number)
            })
        };
        let limit = read("limit", usual).filter(|limit| (1..=100).contains(limit));
        let limit = limit.ok_or_else(|| Problem::invalid("limit: expected 1 to 100."))?;
        let position = read("cursor", 0).ok_or_else(|| {
            Problem::invalid("cursor: expected a cursor of this list. Start again without one.")
        })?;
        Ok(Self { limit, position })
    }

    /// The page of `items`, and the cursor of the next if there is one.
    pub fn of<T>(self, items: Vec<T>) -> (Vec<T>, Option<String>) {
        let end = self.position.saturating_add(self.limit);
        let next = (end < items.len()).then(|| end.to_string());
        let page = items.into_iter().skip(self.position).take(self.limit);
        (page.collect(), next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_of_a_list_join_without_a_gap() {
        let items: Vec<u8> = (0..7).collect();
        let (mut cursor, mut seen) = (String::new(), Vec::new());
        loop {
            let section = Section::read(&format!("limit=3{cursor}"), 100).expect("valid");
            let (page, next) = section.of(items.clone());
            seen.extend(page);
            let Some(next) = next else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, items);
        for bad in [
            "limit=0",
            "limit=101",
            "limit=x",
            "limit=+5",
            "limit=",
            "cursor=x",
            "cursor=-1",
        ] {
            assert!(Section::read(bad, 100).is_err(), "{bad}");
        }
    }

    #[test]
    fn tools_are_asked_once_each_and_bounded() {
        let asked = tools("x=1&tools=b,a,b,%20,No", 3).expect("three");
        assert_eq!(asked.len(), 3);
        assert!(
            asked
                .iter()
                .any(|item| item.as_ref().is_err_and(|text| text == "No"))
        );
        assert!(
            tools("tools=", 3).is_err()
                && tools("", 3).is_err()
                && tools("tools=a,b,c,d", 3).is_err()
        );
    }
}
