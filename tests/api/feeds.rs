//! Atom feeds: what an entry says of a day, its id and its time; what is in the feed of movers; caches.
use super::embed::cacheable;
use crate::harness::server::Home;
use crate::harness::{Backend, eventually};
use chrono::{Days, NaiveDate, Utc};
use serde_json::json;
use std::time::Duration;

const SITE: &str = "https://votes.example/below";
const TOOL: &str = "codestral-2";
const ATOM: &str = "application/atom+xml";
/// A command's write shows within five seconds; here five times that.
const SHOWN: Duration = Duration::from_secs(25);

crate::both!(days_and_movers);

/// The texts of an element, in order.
fn texts<'a>(feed: &'a str, element: &str) -> Vec<&'a str> {
    let (start, end) = (format!("<{element}>"), format!("</{element}>"));
    let parts = feed.split(&start).skip(1);
    parts
        .map(|part| part.split_once(&end).expect("its end").0)
        .collect()
}

/// `choices` of new voters at noon of a day, as lines of an import.
fn lines(day: NaiveDate, ship: usize, skip: usize) -> String {
    let choices = ["ship"]
        .repeat(ship)
        .into_iter()
        .chain(["skip"].repeat(skip));
    choices
        .enumerate()
        .map(|(n, choice)| format!("{TOOL},{day} {n},{choice},{day}T12:00:00Z\n"))
        .collect()
}

async fn days_and_movers(backend: Backend) {
    let home = Home::new(backend);
    let setup = home.setup().generous();
    let server = setup.env("TALLYSHIP_HTTP__PUBLIC_URL", SITE).start().await;
    let client = server.client();
    let today = Utc::now().date_naive();
    let back = |days| today.checked_sub_days(Days::new(days)).expect("a day");
    let votes = lines(back(40), 1, 0) + &lines(back(3), 2, 2) + &lines(back(1), 5, 0);
    home.write("votes.csv", format!("tool,voter,choice,cast_at\n{votes}"));
    server
        .run_cli(&["import", "votes", "votes.csv"])
        .await
        .success("import");
    eventually("the votes are shown", SHOWN, async || {
        client.counts(TOOL).await == (8, 2)
    })
    .await;
    let voter = client.visitor().await;
    client.put_vote(&voter, TOOL, "skip").await.expect(201);
    let token = server
        .run_cli(&["token", "create", "--role", "site", "--name", "a test"])
        .await
        .success("token create");
    let named = client.call(reqwest::Method::PATCH, &format!("/v1/tools/{TOOL}"));
    let named = named
        .bearer(token.stdout.trim())
        .json(&json!({"name": "A & <B>"}));
    named.send().await.expect(200);

    let path = format!("/feeds/{TOOL}.atom");
    let feed = cacheable(&client, &path, ATOM).await.text;
    let id = |days| format!("{SITE}/tools/{TOOL}#{}", back(days));
    assert_eq!(
        texts(&feed, "id"),
        [format!("{SITE}{path}"), id(0), id(1), id(3), id(40)],
        "{feed}"
    );
    let titles = texts(&feed, "title");
    for (title, words) in titles.iter().skip(1).zip([
        "73% ship, down 7 points",
        "80% ship, up 20 points",
        "60% ship, the first percentage",
        "1 vote",
    ]) {
        assert!(title.ends_with(words) && !title.contains("<B>"), "{title}");
    }
    let last_change = client.tally(TOOL).await["updated_at"].clone();
    let last_change = last_change.as_str().expect("a time").to_owned();
    let ended = |days| format!("{}T00:00:00.000000Z", back(days));
    assert_eq!(
        texts(&feed, "updated"),
        [
            last_change.clone(),
            last_change.clone(),
            ended(0),
            ended(2),
            ended(39)
        ]
    );
    client
        .get("/feeds/nothing-there.atom")
        .send()
        .await
        .problem(404, "unknown-tool");

    // The same entries, of the last days; a tool without votes has not moved.
    let movers = cacheable(&client, "/feeds/movers.atom", ATOM).await.text;
    assert_eq!(
        texts(&movers, "id"),
        [format!("{SITE}/feeds/movers.atom"), id(0), id(1), id(3)]
    );
    assert_eq!(texts(&movers, "title")[1..], titles[1..4]);
    assert_eq!(texts(&movers, "updated")[0], last_change);

    for (page, found) in [
        ("/", "/below/feeds/movers.atom"),
        ("/tools/codestral-2", "/below/feeds/codestral-2.atom"),
        (
            "/compare/codestral-2-vs-cursor-background-agents",
            "/below/feeds/cursor-background-agents.atom",
        ),
    ] {
        let html = client.get(page).header("accept", "text/html");
        let html = html.send().await.expect(200).text;
        let link = format!("type=\"{ATOM}\" href=\"{found}\"");
        assert!(html.contains(&link), "{page}");
    }
    let robots = client.get("/robots.txt").send().await.expect(200).text;
    assert!(robots.contains(&format!("Sitemap: {SITE}/feeds/movers.atom\n")));
}
