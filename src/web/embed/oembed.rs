//! oEmbed 1.0 (oembed.com): an address of ours becomes an iframe that another site may paste.
//!
//! `routes` asks [`Request::read`] and [`answer`]. It knows our own tool, compare and embed addresses and nothing else.

use askama::Template;
use serde::Serialize;
use url::Url;
use utoipa::ToSchema;

use crate::catalog::cache::CatalogCache;
use crate::catalog::views::ToolWithTally;
use crate::http::problem::{Code, Problem};
use crate::http::request;
use crate::tallies::cache::TallyCache;
use crate::web::site::compare::split;

/// How long a consumer may keep an answer, in seconds: the figures live inside the iframe.
const CACHE_SECONDS: u32 = 86_400;
/// The size of an iframe with one tool, in CSS pixels, and of one with two side by side.
const ONE: (u32, u32) = (480, 296);
const TWO: (u32, u32) = (720, 320);
/// Below this the two stand one above the other.
const BESIDE: u32 = 560;
const TWO_STACKED: u32 = 540;

/// How the answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    Xml,
}

/// What a consumer asks for.
#[derive(Debug)]
pub struct Request {
    pub url: Url,
    pub max_width: Option<u32>,
    pub max_height: Option<u32>,
    pub format: Format,
}

impl Request {
    /// # Errors
    /// 422 naming the parameter.
    pub fn read(query: &str) -> Result<Self, Problem> {
        let size = |name: &'static str| match request::query(query, name) {
            None => Ok(None),
            Some(text) => match text.parse() {
                Ok(pixels) if pixels > 0 => Ok(Some(pixels)),
                _ => Err(Problem::invalid(format!(
                    "{name}: expected a number of pixels."
                ))),
            },
        };
        let text = request::query(query, "url")
            .ok_or_else(|| Problem::invalid("url: name the address to embed."))?;
        Ok(Self {
            url: Url::parse(&text)
                .map_err(|_unread| Problem::invalid("url: expected an address."))?,
            max_width: size("maxwidth")?,
            max_height: size("maxheight")?,
            format: match request::query(query, "format").as_deref() {
                None | Some("json") => Format::Json,
                Some("xml") => Format::Xml,
                Some(_) => return Err(Problem::invalid("format: expected json or xml.")),
            },
        })
    }
}

/// The answer, for JSON and XML alike.
#[derive(Debug, Serialize, Template, ToSchema)]
#[template(path = "oembed.xml")]
#[schema(as = OEmbed)]
pub struct Rich {
    version: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    provider_name: &'static str,
    provider_url: String,
    title: String,
    cache_age: u32,
    width: u32,
    height: u32,
    html: String,
}

/// The iframe, so that the template escapes what goes into it.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<iframe src="{{ src }}" width="{{ width }}" height="{{ height }}" title="{{ title }}" frameborder="0" loading="lazy"></iframe>"#
)]
struct Frame<'a> {
    src: &'a str,
    width: u32,
    height: u32,
    title: &'a str,
}

/// What an address of ours shows: one tool, or two.
fn target(
    url: &Url,
    public_url: &Url,
    shelf: &CatalogCache,
    board: &TallyCache,
) -> Option<(ToolWithTally, Option<ToolWithTally>)> {
    let find = |slug: &str| ToolWithTally::find(shelf, board, slug);
    let path = url
        .path()
        .strip_prefix(public_url.path())?
        .trim_end_matches('/');
    let segments: Vec<&str> = path.split('/').collect();
    match *segments.as_slice() {
        ["tools", slug] => Some((find(slug)?, None)),
        ["embed", slug] => {
            let other = request::query(url.query().unwrap_or_default(), "compare");
            Some((find(slug)?, other.and_then(|other| find(&other))))
        }
        ["compare", pair] => split(pair).find_map(|(a, b)| Some((find(a)?, Some(find(b)?)))),
        _ => None,
    }
}

/// Whether `url` is of this site but for `http` in the place of `https`, as people still type it.
fn is_plain_http(url: &Url, public_url: &Url) -> bool {
    url.scheme() == "http"
        && url.host_str() == public_url.host_str()
        && url.port() == public_url.port()
}

/// The embed for `asked`; `own` says whether an origin is ours, `public_url` is how browsers reach us.
///
/// # Errors
/// 404 `not-found` for an address that is not ours, or shows no tool.
pub fn answer(
    asked: &Request,
    own: impl Fn(&str) -> bool,
    public_url: &Url,
    shelf: &CatalogCache,
    board: &TallyCache,
) -> Result<Rich, Problem> {
    let (one, other) = Some(&asked.url)
        .filter(|url| own(&url.origin().ascii_serialization()) || is_plain_http(url, public_url))
        .and_then(|url| target(url, public_url, shelf, board))
        .ok_or_else(|| {
            Problem::new(
                Code::NotFound,
                "url: expected a tool or comparison of this site.",
            )
        })?;
    let names = match &other {
        Some(other) => format!("{} vs {}", one.shelved.tool.name, other.shelved.tool.name),
        None => one.shelved.tool.name.clone(),
    };
    let title = format!("{names}: ship or skip?");
    let (width, height) = fitted(asked, other.is_some());
    let mut src = format!("{public_url}embed/{}", one.shelved.slug);
    if let Some(other) = &other {
        src.push_str("?compare=");
        src.push_str(other.shelved.slug.as_str());
    }
    let html = Frame {
        src: &src,
        width,
        height,
        title: &title,
    }
    .render()
    .map_err(|cause| {
        tracing::error!(%cause, "iframe page could not be rendered");
        Problem::internal()
    })?;
    Ok(Rich {
        version: "1.0",
        kind: "rich",
        provider_name: "Tallyship",
        provider_url: public_url.to_string(),
        title,
        cache_age: CACHE_SECONDS,
        width,
        height,
        html,
    })
}

/// Never larger than asked for; inside, the page scrolls.
fn fitted(asked: &Request, two: bool) -> (u32, u32) {
    let (width, height) = if two { TWO } else { ONE };
    let width = asked.max_width.map_or(width, |most| most.min(width));
    let height = if two && width < BESIDE {
        TWO_STACKED
    } else {
        height
    };
    (
        width,
        asked.max_height.map_or(height, |most| most.min(height)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Request {
        Request::read(query).expect(query)
    }

    #[test]
    fn parameters_are_read_or_named() {
        let asked = read("url=https://votes.example/tools/a&maxwidth=300&format=xml");
        assert_eq!(
            (asked.max_width, asked.max_height, asked.format),
            (Some(300), None, Format::Xml)
        );
        for (query, name) in [
            ("", "url"),
            ("url=nothing", "url"),
            ("url=https://a.example/&maxwidth=0", "maxwidth"),
            ("url=https://a.example/&maxheight=tall", "maxheight"),
            ("url=https://a.example/&format=yaml", "format"),
        ] {
            let problem = Request::read(query).expect_err(query);
            assert!(
                problem.code == Code::Invalid && problem.detail().starts_with(name),
                "{query}"
            );
        }
    }

    #[test]
    fn sizes_fit() {
        let asked = |extra: &str| read(&format!("url=https://a.example/{extra}"));
        assert_eq!(fitted(&asked(""), false), ONE);
        assert_eq!(
            fitted(&asked("&maxwidth=200&maxheight=100"), false),
            (200, 100)
        );
        assert_eq!(fitted(&asked("&maxwidth=5000"), true), TWO);
        assert_eq!(fitted(&asked("&maxwidth=400"), true), (400, TWO_STACKED));
    }
}
