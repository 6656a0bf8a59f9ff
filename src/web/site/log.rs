//! `GET /log`: what the public log shows, and a check of one's own receipt in the browser.

use actix_web::HttpResponse;
use actix_web::web::Data;
use askama::Template;

use super::state::{SiteState, page};
use crate::http::problem::Problem;
use crate::web::site::meta::Head;

#[derive(Template)]
#[template(path = "log.html")]
struct LogPage<'a> {
    head: Head,
    notice: &'a str,
    min_votes: i64,
}

/// The page of the public log.
///
/// # Errors
/// 500 if it cannot be rendered.
pub async fn get_log(state: Data<SiteState>) -> Result<HttpResponse, Problem> {
    page(&LogPage {
        head: Head::new(
            &state.site,
            "/log",
            "The public log: check every tally · Tallyship".to_owned(),
            "Every recorded ballot is in a signed log that only grows. Check a receipt in your browser.".to_owned(),
        ),
        notice: &state.pages.notice,
        min_votes: state.board.min_votes(),
    })
}
