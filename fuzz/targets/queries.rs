//! Query strings: lists of tools, a list's filters, a history's span, oEmbed's address, an iframe's parameters.

use tallyship::web::embed::frame::EmbedParams;
use tallyship::web::embed::oembed;
use tallyship::http::problem::{Code, Problem};
use tallyship::http::request::{Parameters, query, tools};
use tallyship::tallies::routes::wants_raw;
use tallyship::catalog::views::history;
use tallyship::catalog::views::list;
use tallyship::domain::Timestamp;

use super::text;

const NOW: Timestamp = Timestamp(1_800_000_000_000_000);

/// A refusal of a query is 422, and short however long the query was.
fn refused<T>(outcome: Result<T, Problem>) -> Option<T> {
    outcome
        .map_err(|problem| {
            assert_eq!(problem.code, Code::Invalid, "{}", problem.detail());
            assert!((10..600).contains(&problem.detail().len()), "{}", problem.detail());
        })
        .ok()
}

pub fn run(data: &[u8]) {
    let Some(text) = text(data) else {
        return;
    };
    if let Some(asked) = refused(tools(text, 4)) {
        assert!((1..=4).contains(&asked.len()));
        let names: Vec<String> = asked
            .iter()
            .map(|item| item.as_ref().map_or_else(Clone::clone, ToString::to_string))
            .collect();
        assert!(names.iter().all(|name| !name.is_empty() && !name.contains(',')));
        let mut once = names.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), names.len(), "each once");
    }
    let known = ["q", "limit", "cursor"];
    if let Some(given) = refused(Parameters::read(text, &known)) {
        for name in known {
            assert_eq!(given.get(name).map(str::to_owned), query(text, name));
        }
        if let Some(limit) = refused(given.limit(50)) {
            assert!((1..=50).contains(&limit));
        }
    }
    if let Some(ask) = refused(list::ListQuery::read(text)) {
        assert!((1..=list::MOST).contains(&ask.limit));
        assert!(ask.words.len() <= list::LONGEST_SEARCH);
        assert!(ask.cursor.is_none_or(|cursor| list::Cursor::read(&cursor.written()).is_some()));
    }
    if let Some(ask) = refused(history::HistoryQuery::read(text, NOW)) {
        assert!(ask.from.zip(ask.to).is_none_or(|(from, to)| from <= to));
        for time in [ask.from, ask.to].into_iter().flatten() {
            assert!(time.0 >= 0);
            assert_eq!(Timestamp::parse(&time.to_string()), Some(time), "{time}");
        }
    }
    if let Some(asked) = refused(oembed::Request::read(text)) {
        assert!(asked.max_width != Some(0) && asked.max_height != Some(0));
        assert!(asked.url.as_str().contains(':'));
    }
    refused(wants_raw(text));
    let wanted = EmbedParams::read(text);
    let path = wanted.path("a-tool", wanted.first);
    let again = EmbedParams::read(path.split_once('?').map_or("", |(_, query)| query));
    assert_eq!(
        (&again.compare, again.theme, &again.lang, again.first),
        (&wanted.compare, wanted.theme, &wanted.lang, wanted.first),
        "{path}"
    );
}
