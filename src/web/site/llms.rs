//! `GET /llms.txt` (llmstxt.org): for language models, what the site is and where its numbers are, in Markdown.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::crawlers::public;
use super::state::SiteState;
use crate::http::problem::Problem;

/// Tools that are named, the most voted first. The sitemap has all.
const MAX_TOOLS: usize = 100;

#[derive(Template)]
#[template(path = "llms.txt")]
struct LlmsText<'a> {
    site: &'a str,
    min_votes: i64,
    tools: Vec<ToolLine>,
}

struct ToolLine {
    slug: String,
    name: String,
    tagline: String,
}

/// What a language model should read first.
///
/// # Errors
/// 500 if it cannot be rendered.
pub async fn get_llms(http: HttpRequest, state: Data<SiteState>) -> Result<HttpResponse, Problem> {
    let tools = state.most_voted("", MAX_TOOLS);
    let text = LlmsText {
        site: &state.site,
        min_votes: state.board.min_votes(),
        tools: tools
            .iter()
            .map(|tool| ToolLine {
                slug: tool.shelved.slug.to_string(),
                name: escaped(tool.name()),
                tagline: escaped(&tool.shelved.tool.tagline),
            })
            .collect(),
    };
    let body = text.render().map_err(|cause| {
        tracing::error!(%cause, "llms.txt could not be rendered");
        Problem::internal()
    })?;
    Ok(public(&http, body.into(), "text/markdown; charset=utf-8"))
}

/// One line of text as Markdown shows it, whatever it holds.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\`*_[]<>&#".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn a_name_stays_within_its_link() {
        assert_eq!(escaped("a](x) <b> *c*"), "a\\](x) \\<b\\> \\*c\\*");
        assert_eq!(escaped("Codestral 2"), "Codestral 2");
    }
}
