//! The page of one tool: panel and community side by side, the reviews, the chart, what to compare it with.

use askama::Template;

use super::card::Card;
use super::chart::Chart;
use super::share::Share;
use crate::web::site::meta::Head;

/// A comparison that may interest the reader.
pub struct Related<'a> {
    pub path: String,
    pub name: &'a str,
    pub community: String,
    pub panel: String,
}

/// The page of one tool.
#[derive(Template)]
#[template(path = "tool.html")]
pub struct ToolPage<'a> {
    pub head: Head,
    pub notice: &'a str,
    /// The site's own block of HTML; empty if there is none.
    pub block: &'a str,
    /// This page's path: where a form comes back to.
    pub here: String,
    pub card: Card<'a>,
    /// The address of the tool's category; empty where it has none.
    pub category_path: String,
    pub chart: Chart<'a>,
    pub related: Vec<Related<'a>>,
    pub min_votes: i64,
    /// Where the acts of moderators are listed for everybody; empty if nowhere.
    pub acts_path: &'static str,
    pub share: Share,
    /// What another site puts into its page, by kind: name, code.
    pub snippets: Vec<(&'static str, String)>,
}

/// The code that shows the tool elsewhere.
pub fn snippets(site: &str, slug: &str, name: &str) -> Vec<(&'static str, String)> {
    // The name goes into markup that others paste: it must not leave its attribute, or its brackets.
    let name = name
        .replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;");
    let plain: String = name.chars().filter(|c| !"[]()`\\".contains(*c)).collect();
    vec![
        (
            "Live, with voting",
            format!(
                "<link rel=\"stylesheet\" href=\"{site}/embed/tallyship.css\">\n\
                 <script src=\"{site}/embed/tallyship.js\" defer></script>\n\
                 <ship-vote tool=\"{slug}\" label=\"{name}\"></ship-vote>"
            ),
        ),
        (
            "As a frame, also without JavaScript",
            format!(
                "<iframe src=\"{site}/embed/{slug}\" title=\"Votes on {name}\" width=\"100%\" height=\"296\" frameborder=\"0\" loading=\"lazy\"></iframe>\n\
                 <script src=\"{site}/embed/resize.js\" async></script>"
            ),
        ),
        (
            "As a badge (Markdown)",
            format!("[![Votes on {plain}]({site}/badge/{slug}.svg)]({site}/tools/{slug})"),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::snippets;

    #[test]
    fn a_name_cannot_break_out_of_a_snippet() {
        let all = snippets("https://v.example", "a", "\"><script>](x)");
        assert!(
            all.iter()
                .skip(1)
                .all(
                    |(_, code)| !code.contains("<script>") && !code.contains("](x)")
                        || code.starts_with("<iframe")
                )
        );
        assert!(all[1].1.contains("&quot;>&lt;script>") && !all[1].1.contains("\"><script"));
    }
}
