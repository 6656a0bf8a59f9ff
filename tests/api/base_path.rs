//! A site below a path of its host: every page, link, form and address works there, whether the proxy passes the path on or removes it.
use crate::harness::client::{Answer, Client};
use crate::harness::dashboard::posted;
use crate::harness::server::Home;
use crate::harness::{Backend, run};
use std::collections::BTreeSet;

const SITE: &str = "http://site.example/votes";
const TOOL: &str = "codestral-2";
/// Pages of each kind.
const PAGES: &[&str] = &[
    "/votes/",
    "/votes/tools/codestral-2",
    "/votes/compare/codestral-2-vs-cursor-background-agents",
    "/votes/embed/codestral-2",
    "/votes/docs",
    "/votes/log",
    "/votes/moderation/sign-in",
];

async fn get(client: &Client, path: &str) -> Answer {
    let call = client.get(path).header("accept", "text/html");
    call.header("accept-encoding", "gzip").send().await
}

/// The local addresses that a page links to.
fn links(page: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for name in ["href", "src", "action", "formaction"] {
        for part in page.split(&format!(" {name}=\"")).skip(1) {
            let (address, _) = part.split_once('"').expect("an end");
            if address.starts_with('/') {
                let address = address.split('#').next().expect("an address");
                found.insert(address.replace("&amp;", "&").replace("&#38;", "&"));
            }
        }
    }
    found
}

#[test]
fn every_page_and_link_is_below_the_path_on_sqlite() {
    run(async {
        let setup = Home::new(Backend::Sqlite).setup().generous();
        let server = setup.env("TALLYSHIP_HTTP__PUBLIC_URL", SITE).start().await;
        let client = Client::of_another(&server.url); // what the document names is seen elsewhere
        let mut all = BTreeSet::new();
        for page in PAGES {
            let answer = get(&client, page).await.expect(200);
            let found = links(&answer.text);
            assert!(!found.is_empty(), "{page}");
            for link in &found {
                assert!(link.starts_with("/votes/"), "{page}: {link}");
            }
            // A proxy that removes the path gets the same page.
            let bare = page.strip_prefix("/votes").expect("below it");
            assert_eq!(links(&get(&client, bare).await.expect(200).text), found);
            all.extend(found);
        }
        for link in all {
            let status = get(&client, &link).await.status;
            // Of what only takes forms, a read is refused; nothing may be missing.
            assert!(matches!(status, 200 | 303 | 405), "{link}: {status}");
        }
        let redirect = get(&client, "/votes?q=x").await.expect(308);
        assert_eq!(redirect.header("location"), Some("/votes/?q=x"));
        let slash = get(&client, "/votes/tools/codestral-2/?x=1")
            .await
            .expect(308);
        assert_eq!(
            slash.header("location"),
            Some("/votes/tools/codestral-2?x=1")
        );
        get(&client, "/votes//other.example/").await.expect(404);
        let guarded = get(&client, "/votes/moderation").await.expect(303);
        let target = guarded.header("location").expect("a target");
        assert!(target.starts_with("/votes/moderation/sign-in"), "{target}");
    });
}

#[test]
fn votes_and_addresses_are_below_the_path_on_sqlite() {
    run(async {
        let setup = Home::new(Backend::Sqlite).setup().generous();
        let server = setup.env("TALLYSHIP_HTTP__PUBLIC_URL", SITE).start().await;
        let client = Client::of_another(&server.url); // what the document names is seen elsewhere
        let voter = client.visitor().await;
        let put = client.call(reqwest::Method::PUT, "/votes/v1/tools/codestral-2/vote");
        let put = put
            .bearer(&voter)
            .json(&serde_json::json!({"choice": "ship"}));
        put.send().await.expect(201);
        let tally = client.get("/votes/v1/tools/codestral-2/tally").send().await;
        assert_eq!(tally.expect(200).json["community"]["ship"], 1);
        let form = client.post("/votes/tools/codestral-2/vote");
        let form = form.header("origin", "http://site.example");
        let form = form.header("sec-fetch-site", "same-origin");
        let voted = posted(form, &[("choice", "skip")]).send().await.expect(303);
        let target = voted.header("location").expect("a target");
        assert!(target.starts_with("/votes/"), "{target}");
        assert_eq!(client.counts(TOOL).await, (1, 1));
        let logs = client.get("/votes/v1/log").send().await.expect(200).json;
        let url = logs["items"][0]["url"].as_str().expect("an address");
        assert!(url.starts_with(&format!("{SITE}/log")), "{url}");
        let document = client.get("/votes/openapi.json").send().await;
        assert_eq!(document.expect(200).json["servers"][0]["url"], "/votes");
        let robots = client.get("/votes/robots.txt").send().await.expect(200);
        assert!(robots.text.contains("Disallow: /votes/moderation\n"));
        assert!(
            robots
                .text
                .contains(&format!("Sitemap: {SITE}/sitemap.xml"))
        );
        let sitemap = client.get("/votes/sitemap.xml").send().await.expect(200);
        assert!(
            sitemap
                .text
                .contains(&format!("<loc>{SITE}/tools/{TOOL}</loc>"))
        );
        for page in [
            format!("{SITE}/tools/{TOOL}"),
            format!("{SITE}/tools/{TOOL}/"),
            format!("{SITE}/compare/{TOOL}-vs-cursor-background-agents"),
        ] {
            let embed = client
                .get(&format!("/votes/oembed?url={page}"))
                .send()
                .await;
            let html = embed.expect(200).json["html"].to_string();
            assert!(html.contains(&format!("{SITE}/embed/{TOOL}")), "{html}");
        }
        let outside = format!("/votes/oembed?url=http://site.example/tools/{TOOL}");
        client.get(&outside).send().await.problem(404, "not-found");
    });
}
