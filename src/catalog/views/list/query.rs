//! [`ListQuery`]: what a list of tools is asked for, read from a query string. Pure.
//!
//! `routes` and `pages` read it; `list` answers it. Every parameter that it does not know is refused by name: a filter
//! that is misspelt must not look like one that found everything.

use std::hash::Hasher;

use xxhash_rust::xxh3::Xxh3;

use super::cursor::Cursor;
use crate::domain::text::search_key;
use crate::http::problem::Problem;
use crate::http::request::Parameters;

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Community votes that count.
    Votes,
    /// The lower bound of the community's Wilson interval, unrounded.
    Community,
    /// The panel's ship score, unrounded.
    Panel,
    /// Community minus panel percent, as shown.
    Gap,
    /// Without regard to case and accents.
    Name,
}

impl Sort {
    pub const ALL: [Self; 5] = [
        Self::Votes,
        Self::Community,
        Self::Panel,
        Self::Gap,
        Self::Name,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Votes => "votes",
            Self::Community => "community",
            Self::Panel => "panel",
            Self::Gap => "gap",
            Self::Name => "name",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == text)
    }

    /// Names from A, figures from the greatest.
    pub fn usual_order(self) -> SortOrder {
        match self {
            Self::Name => SortOrder::Ascending,
            _ => SortOrder::Descending,
        }
    }
}

/// From the least, or from the greatest. Tools without a figure come last either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortOrder {
    Ascending,
    Descending,
}

impl SortOrder {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ascending => "asc",
            Self::Descending => "desc",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Ascending, Self::Descending]
            .into_iter()
            .find(|order| order.as_str() == text)
    }
}

/// The most tools of one page, and how many there are where nobody says.
pub const MOST: usize = 100;
/// The longest search, in characters.
pub const LONGEST_SEARCH: usize = 200;

/// A list as it is asked for.
#[derive(Debug, Clone)]
pub struct ListQuery {
    /// A search key; empty: every category.
    pub category: String,
    /// Search keys, each of which must be found; empty: everything.
    pub words: Vec<String>,
    pub sort: Sort,
    pub order: SortOrder,
    /// 1 to [`MOST`].
    pub limit: usize,
    pub cursor: Option<Cursor>,
}

impl Default for ListQuery {
    fn default() -> Self {
        Self {
            category: String::new(),
            words: Vec::new(),
            sort: Sort::Name,
            order: Sort::Name.usual_order(),
            limit: MOST,
            cursor: None,
        }
    }
}

impl ListQuery {
    /// Reads `category`, `q`, `sort`, `order`, `limit` and `cursor`.
    ///
    /// # Errors
    /// 422, naming the parameter that is unknown, twice there, or out of range.
    pub fn read(query_string: &str) -> Result<Self, Problem> {
        let given = Parameters::read(
            query_string,
            &["category", "q", "sort", "order", "limit", "cursor"],
        )?;
        let mut ask = Self::default();
        if let Some(category) = given.get("category") {
            ask.category = search_key(category.trim());
        }
        if let Some(search) = given.get("q") {
            ask.search(search)?;
        }
        if let Some(text) = given.get("sort") {
            ask.sort = Sort::parse(text).ok_or_else(|| {
                Problem::invalid("sort: expected votes, community, panel, gap or name.")
            })?;
        }
        ask.order = match given.get("order") {
            None => ask.sort.usual_order(),
            Some(text) => SortOrder::parse(text)
                .ok_or_else(|| Problem::invalid("order: expected asc or desc."))?,
        };
        ask.limit = given.limit(MOST)?;
        if let Some(text) = given.get("cursor") {
            let cursor = Cursor::read(text).filter(|cursor| cursor.list == ask.list());
            ask.cursor = Some(cursor.ok_or_else(|| {
                Problem::invalid("cursor: expected a cursor of this list. Start again without one.")
            })?);
        }
        Ok(ask)
    }

    /// Takes the words of a search.
    ///
    /// # Errors
    /// 422 where it is too long.
    pub fn search(&mut self, text: &str) -> Result<(), Problem> {
        if text.chars().count() > LONGEST_SEARCH {
            return Err(Problem::invalid(format!(
                "q: at most {LONGEST_SEARCH} characters."
            )));
        }
        self.words = text
            .split_whitespace()
            .map(search_key)
            .filter(|word| !word.is_empty())
            .collect();
        Ok(())
    }

    /// Which list it is, however long its pages: a cursor goes on in its own list only.
    pub fn list(&self) -> u32 {
        let mut hash = Xxh3::new();
        for part in [self.sort.as_str(), self.order.as_str(), &self.category]
            .into_iter()
            .chain(self.words.iter().map(String::as_str))
        {
            hash.write(part.as_bytes());
            hash.write(&[0xff]);
        }
        let whole = hash.finish().to_le_bytes();
        let [a, b, c, d, ..] = whole;
        u32::from_le_bytes([a, b, c, d])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(query: &str) -> String {
        ListQuery::read(query).expect_err(query).detail().to_owned()
    }

    #[test]
    fn a_list_is_read_or_refused_by_name() {
        let ask = ListQuery::read("q=Code%20REVIEW&category=Agents&sort=gap&limit=7")
            .expect("a good query");
        assert_eq!(ask.words, ["code", "review"]);
        assert_eq!(
            (ask.category.as_str(), ask.sort, ask.order, ask.limit),
            ("agents", Sort::Gap, SortOrder::Descending, 7)
        );
        let plain = ListQuery::read("").expect("nothing asked");
        assert_eq!(
            (plain.sort, plain.order, plain.limit),
            (Sort::Name, SortOrder::Ascending, 100)
        );
        assert!(
            ListQuery::read("category=&q=").is_ok(),
            "an empty form field"
        );
        for (bad, named) in [
            ("sort=best", "sort"),
            ("sort=", "sort"),
            ("order=up", "order"),
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("limit=x", "limit"),
            ("limit=+1", "limit"),
            ("cursor=x", "cursor"),
            ("cursor=", "cursor"),
            ("kategory=a", "kategory"),
            ("sort=name&sort=gap", "sort"),
        ] {
            assert!(refused(bad).contains(named), "{bad}: {}", refused(bad));
        }
        assert!(refused(&format!("q={}", "x".repeat(201))).contains("q:"));
    }

    #[test]
    fn another_list_is_told_from_this_one() {
        let of = |query| ListQuery::read(query).expect(query).list();
        assert_eq!(of("q=a&limit=1"), of("limit=2&q=A"));
        assert_ne!(of("q=a"), of("category=a"));
        assert_ne!(of("sort=name&order=asc"), of("sort=name&order=desc"));
    }
}
