//! The first page: a comparison to begin with, and every tool, searched, sorted and cut into pages.
//!
//! The list itself is `verdicts::list`'s; here are the words and the links around it.

use askama::Template;

use super::card::Card;
use crate::catalog::views::list::{ListQuery, Sort};
use crate::http::problem::Problem;
use crate::http::request;
use crate::web::site::meta::Head;

/// Tools on one page.
const PAGE: usize = 24;
/// What the page reads from its query; anything else is for others, such as a campaign's marks.
const KNOWN: [&str; 5] = ["q", "category", "sort", "order", "cursor"];

/// What the visitor asked for, as given.
#[derive(Debug, Clone, Default)]
pub struct Query {
    pub search: String,
    pub category: String,
    pub sort: String,
    pub cursor: String,
    order: String,
}

impl Query {
    /// Reads the query string; empty fields of the form count as absent.
    pub fn read(query_string: &str) -> Self {
        let [search, category, sort, order, cursor] = KNOWN.map(|name| {
            request::query(query_string, name)
                .map(|value| value.trim().to_owned())
                .unwrap_or_default()
        });
        Self {
            search,
            category,
            sort: if sort.is_empty() {
                Sort::Votes.as_str().to_owned()
            } else {
                sort
            },
            cursor,
            order,
        }
    }

    /// A search for `text`.
    pub fn of_search(text: &str) -> Self {
        Self {
            search: text.to_owned(),
            ..Self::read("")
        }
    }

    /// The list that was asked for.
    ///
    /// # Errors
    /// 422, naming the parameter.
    pub fn ask(&self) -> Result<ListQuery, Problem> {
        ListQuery::read(&format!("limit={PAGE}&{}", self.string(&self.cursor)))
    }

    /// Its query string, going on at `cursor`.
    fn string(&self, cursor: &str) -> String {
        let mut out = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("q", self.search.as_str()),
            ("category", &self.category),
            ("sort", &self.sort),
            ("order", &self.order),
            ("cursor", cursor),
        ] {
            if !value.is_empty() {
                out.append_pair(name, value);
            }
        }
        out.finish()
    }

    /// The address of the same list with `change` made, from its beginning.
    fn link(&self, change: impl FnOnce(&mut Self)) -> String {
        let mut other = self.clone();
        change(&mut other);
        format!("/?{}#tools", other.string(""))
    }

    /// The address of this very page.
    pub fn path(&self) -> String {
        format!("/?{}", self.string(&self.cursor))
    }

    /// Whether it is the whole list in its usual order.
    pub fn plain(&self) -> bool {
        self.filters() == 0 && self.cursor.is_empty() && self.sort == Sort::Votes.as_str()
    }

    fn filters(&self) -> usize {
        usize::from(!self.search.is_empty()) + usize::from(!self.category.is_empty())
    }
}

/// A link of a row of links, one of which is the present.
pub struct Choice {
    pub name: String,
    pub path: String,
    pub here: bool,
}

/// Two tools to begin with.
pub struct Featured<'a> {
    pub path: String,
    pub cards: [Card<'a>; 2],
}

/// The first page.
#[derive(Template)]
#[template(path = "index.html")]
pub struct IndexPage<'a> {
    pub head: Head,
    pub notice: &'a str,
    pub query: Query,
    pub featured: Option<Featured<'a>>,
    /// This page's address: where a form comes back to.
    pub here: String,
    pub cards: Vec<Card<'a>>,
    pub categories: Vec<Choice>,
    pub sorts: Vec<Choice>,
    /// How many tools there are in all.
    pub tools: usize,
    pub min_votes: i64,
    /// Tools to choose a pair from: some of the most voted.
    pub choices: Vec<&'a str>,
    /// The address of the next page.
    pub next: Option<String>,
    /// The address of this list's beginning, while something else is shown.
    pub first: Option<String>,
}

impl IndexPage<'_> {
    /// What the list below is, in words.
    pub fn heading(&self) -> String {
        let of = if self.query.category.is_empty() {
            "All tools".to_owned()
        } else {
            self.query.category.clone()
        };
        if self.query.search.is_empty() {
            of
        } else {
            format!("{of} matching “{}”", self.query.search)
        }
    }
}

/// The links that sort the list.
pub fn sorts(query: &Query) -> Vec<Choice> {
    Sort::ALL
        .into_iter()
        .map(|sort| Choice {
            name: match sort {
                Sort::Votes => "Most votes",
                Sort::Community => "Community",
                Sort::Panel => "Panel",
                Sort::Gap => "Gap",
                Sort::Name => "Name",
            }
            .to_owned(),
            path: query.link(|query| {
                sort.as_str().clone_into(&mut query.sort);
                query.order.clear();
            }),
            here: query.sort == sort.as_str(),
        })
        .collect()
}

/// The links that choose a category, the first of them all.
pub fn categories(query: &Query, categories: &[(String, usize)]) -> Vec<Choice> {
    let all = Choice {
        name: "All".to_owned(),
        path: query.link(|query| query.category.clear()),
        here: query.category.is_empty(),
    };
    let one = |(name, _): &(String, usize)| Choice {
        name: name.clone(),
        path: query.link(|query| query.category.clone_from(name)),
        here: query.category.to_lowercase() == name.to_lowercase(),
    };
    std::iter::once(all)
        .chain(categories.iter().map(one))
        .collect()
}

/// The address of the next page.
pub fn next(query: &Query, cursor: &str) -> String {
    format!("/?{}#tools", query.string(cursor))
}

/// The address of a category's list; empty for none.
pub fn category(name: &str) -> String {
    if name.is_empty() {
        return String::new();
    }
    Query {
        sort: Sort::Votes.as_str().to_owned(),
        ..Query::default()
    }
    .link(|query| name.clone_into(&mut query.category))
}

/// The address of the list's beginning, unless this is it.
pub fn first(query: &Query) -> Option<String> {
    (!query.cursor.is_empty()).then(|| query.link(|_| {}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_leniently_and_written_again() {
        let query = Query::read("q=+code+&category=&utm_source=x&sort=gap");
        assert_eq!((query.search.as_str(), query.plain()), ("code", false));
        assert_eq!(query.ask().expect("a list").words, ["code"]);
        assert_eq!(next(&query, "c1"), "/?q=code&sort=gap&cursor=c1#tools");
        let links: Vec<String> = sorts(&query).into_iter().map(|link| link.path).collect();
        assert_eq!(links[4], "/?q=code&sort=name#tools");
        let links = categories(&query, &[("A & B".to_owned(), 1)]);
        assert_eq!(links[1].path, "/?q=code&category=A+%26+B&sort=gap#tools");
        assert!(links[0].here && !links[1].here);
        assert!(Query::read("").plain() && Query::read("sort=nothing").ask().is_err());
    }
}
