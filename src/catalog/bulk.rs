//! Many tools in one JSON body: all of them good, or every bad one named.
//!
//! `POST /v1/tools` calls it. It does nothing with the tools.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::NamedTool;
use super::file::Item;
use crate::http::problem::Problem;
use crate::http::request;

/// The most tools of one call: they are written in one transaction, and votes wait for it.
pub const MOST: usize = 500;
/// So many bad ones are named; of more, the number.
const NAMED: usize = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    tools: Vec<Box<RawValue>>,
}

/// Reads a list of tools, or an object with the list under `tools`; each as `PUT` takes it, plus `slug`.
///
/// # Errors
/// 400 where it is no JSON; 422 that names each bad tool by its place and slug.
pub fn read(body: &[u8]) -> Result<Vec<NamedTool>, Problem> {
    let listed = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let Body { tools } = if listed {
        request::json(&[b"{\"tools\":", body, b"}"].concat())?
    } else {
        request::json(body)?
    };
    if !(1..=MOST).contains(&tools.len()) {
        return Err(Problem::invalid(format!(
            "tools: expected 1 to {MOST} tools, found {}.",
            tools.len()
        )));
    }
    let (mut good, mut bad, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    for (position, raw) in (1..).zip(&tools) {
        match one(raw, &mut seen) {
            Ok(listed) => good.push(listed),
            Err(cause) => bad.push(format!("tool {position} {cause}")),
        }
    }
    if bad.is_empty() {
        return Ok(good);
    }
    let more = match bad.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" And {more} more."),
    };
    bad.truncate(NAMED);
    Err(Problem::invalid(format!("{}.{more}", bad.join("; "))))
}

fn one(raw: &RawValue, seen: &mut HashSet<String>) -> Result<NamedTool, String> {
    let item: Item = request::json(raw.get().as_bytes())
        .map_err(|problem| format!("{}: {}", named(raw), problem.detail().trim_end_matches('.')))?;
    let place = format!("({:?})", item.slug);
    if !seen.insert(item.slug.clone()) {
        return Err(format!("{place}: slug: named twice"));
    }
    item.checked().map_err(|cause| format!("{place}: {cause}"))
}

/// The slug of a tool that is otherwise unreadable, if it has one.
fn named(raw: &RawValue) -> String {
    #[derive(Deserialize)]
    struct Named {
        slug: String,
    }
    serde_json::from_str(raw.get()).map_or_else(
        |_unread| "(without a slug)".to_owned(),
        |Named { slug }| format!("({:?})", slug.chars().take(64).collect::<String>()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_good_or_each_bad_one_is_named() {
        let good = r#"[{"slug":"a","name":"A"},{"slug":"b","name":"B","reviews":[]}]"#;
        let tools = read(good.as_bytes()).expect("good");
        assert_eq!(tools.len(), 2);
        let object = format!("{{\"tools\":{good}}}");
        assert_eq!(read(object.as_bytes()).expect("good"), tools);
        let bad = r#"[{"slug":"a","name":""},{"slug":"B"},{"slug":"c","name":"C"},{"slug":"D","name":"D"},{"slug":"c","name":"C"},3,
            {"slug":"e","name":"E","extra":1}]"#;
        let problem = read(bad.as_bytes()).expect_err("bad");
        for part in [
            "tool 1 (\"a\"): name",
            "tool 2 (\"B\"): missing field `name`",
            "tool 4 (\"D\"): slug",
            "tool 5 (\"c\"): slug: named twice",
            "tool 6 (without a slug)",
            "tool 7 (\"e\"): extra",
        ] {
            assert!(problem.detail().contains(part), "{part}: {problem}");
        }
        assert!(!problem.detail().contains("tool 3"), "{problem}");
        let many: Vec<String> = (0..30).map(|_| "{}".to_owned()).collect();
        let problem = read(format!("[{}]", many.join(",")).as_bytes()).expect_err("bad");
        assert!(problem.detail().ends_with("And 10 more."), "{problem}");
        for (other, status) in [
            ("[", 400),
            ("[]", 422),
            ("{}", 422),
            ("[{}]x", 400),
            ("3", 422),
            ("[1],\"x\":[2]", 422),
        ] {
            assert_eq!(
                read(other.as_bytes()).expect_err(other).code.status(),
                status,
                "{other}"
            );
        }
    }
}
