//! Posted forms: the dashboard's criteria, and the path that a vote by form comes back to.

use actix_web::http::header::HeaderValue;
use tallyship::web::admin::vote_filter::{VoteFilter, end};
use tallyship::web::admin::form::Form;
use tallyship::web::site::compare::split;
use tallyship::web::site::form::is_own_path;
use tallyship::http::problem::Code;
use tallyship::domain::Timestamp;
use url::Url;

use super::text;

const NOW: Timestamp = Timestamp(1_800_000_000_000_000);

pub fn run(data: &[u8]) {
    let Some(text) = text(data) else {
        return;
    };
    let form = Form::of(text);
    let asked = VoteFilter::read(&form);
    let again = VoteFilter::read(&Form::of(&asked.query()));
    assert_eq!(again.fields(), asked.fields(), "a form that is carried on says the same");
    match asked.window() {
        Ok((from, to)) => {
            for time in [from, to].into_iter().flatten() {
                assert_eq!(Timestamp::parse(&time.to_string()), Some(time), "{time}");
            }
        }
        Err(problem) => assert!(matches!(problem.code, Code::Invalid)),
    }
    if let Err(problem) = asked.choice() {
        assert!(matches!(problem.code, Code::Invalid));
    }
    if let Ok(Some(end)) = end("expires_at", &form.text("expires_at"), NOW) {
        assert!(end > NOW);
    }
    assert_eq!(form.required("reason").is_ok(), !form.text("reason").is_empty());

    for path in [text, &form.text("back")] {
        if is_own_path(path) {
            let site = Url::parse("https://votes.example/embed/a");
            let there = site.and_then(|site| site.join(path));
            assert_eq!(there.ok().and_then(|url| url.host_str().map(str::to_owned)).as_deref(), Some("votes.example"));
            assert!(HeaderValue::from_str(path).is_ok());
        }
    }
    for (a, b) in split(text) {
        assert_eq!(format!("{a}-vs-{b}"), text);
    }
}
