//! The pages as served, without a browser: numbers in the HTML, search, sort, paging, refusals, headers, on both databases.
//!
//! It must never look for the pages' dress: only what a reader or a machine relies on.
mod refusals;

use crate::harness::Backend;
use crate::harness::client::{Answer, Client};
use crate::harness::server::{Home, Server};
use serde_json::{Value, json};

const TOOL: &str = "codestral-2";
const OTHER: &str = "cursor-background-agents";
const COMPARE: &str = "/compare/codestral-2-vs-cursor-background-agents";

crate::both!(
    numbers_are_in_the_html,
    what_people_wrote_is_in_the_html,
    the_list_is_searched_sorted_and_cut_into_pages,
    nothing_in_the_catalogue_breaks_out,
    closed_tools,
);

async fn server(backend: Backend) -> Server {
    Home::new(backend).setup().generous().start().await
}

async fn html(client: &Client, path: &str) -> String {
    let answer = client.get(path).send().await.expect(200);
    assert!(
        answer
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("text/html"))
    );
    answer.text
}

/// The tools of a page's list, in its order.
fn rows(page: &str) -> Vec<&str> {
    page.split("<li class=\"row\" data-tool=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().expect("a slug"))
        .collect()
}

/// The value of the first attribute after `mark`.
fn after<'a>(page: &'a str, mark: &str) -> Option<&'a str> {
    let rest = &page[page.find(mark)? + mark.len()..];
    rest.split('"').next()
}

fn as_browser(client: &Client, path: &str) -> crate::harness::client::Call {
    client
        .get(path)
        .header("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
}

async fn numbers_are_in_the_html(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let page = html(&client, COMPARE).await;
    for part in [
        "75%",
        "100%",
        "—",
        "Paid",
        "Free",
        "0 ship, 0 skip",
        "5 more votes make a percentage",
        "Nobody leads yet: too few votes.",
        "The panel prefers Cursor Background Agents.",
    ] {
        assert!(page.contains(part), "{part}");
    }
    let voters = server.setup.mint(20).await;
    for (n, voter) in voters.iter().enumerate() {
        client
            .put_vote(voter, TOOL, if n < 13 { "ship" } else { "skip" })
            .await
            .expect(201);
        client
            .put_vote(voter, OTHER, if n < 1 { "ship" } else { "skip" })
            .await
            .expect(201);
    }
    // 13 of 20: 65 %, Wilson 43 to 82, which holds the panel's 75. 1 of 20: 5 %, 0 to 24.
    for path in [COMPARE, "/tools/codestral-2"] {
        let page = html(&client, path).await;
        for part in [
            "65%",
            "13 ship, 7 skip",
            "Most likely between 43% and 82%",
            "Community and panel: too close to call",
        ] {
            assert!(page.contains(part), "{path}: {part}");
        }
    }
    let page = html(&client, COMPARE).await;
    assert!(
        page.contains("Community 95 points below the panel"),
        "{page}"
    );
    assert!(page.contains("The community prefers Codestral 2."));
    let index = html(&client, "/").await;
    assert!(index.contains("65%") && index.contains("20 votes") && index.contains(COMPARE));
    let tool = html(&client, "/tools/codestral-2").await;
    let data = after(&tool, "<script type=\"application/ld+json\">").map(|_| ());
    assert!(data.is_some());
    let (_, rest) = tool.split_once("application/ld+json\">").expect("data");
    let (data, _) = rest.split_once("</script>").expect("its end");
    let data: Value = serde_json::from_str(data).expect("JSON");
    assert_eq!(data["aggregateRating"]["ratingValue"], 65);
    assert_eq!(data["aggregateRating"]["ratingCount"], 20);
    assert!(
        data["review"].is_null(),
        "the panel's people may be made up"
    );
}

/// Descriptions in paragraphs, every quote whole, and a row a reviewer in whatever order the tools list them.
async fn what_people_wrote_is_in_the_html(backend: Backend) {
    let quote =
        |who: &str, tool: &str| format!("{who} on {tool}: {}end.", "word after word, ".repeat(40));
    let tool = |slug: &str, reviewers: &[&str]| {
        json!({"slug": slug, "name": format!("Tool {slug}"), "description": "First <b>part</b>.\nStill first.\n\nSecond part.",
            "reviews": reviewers.iter().map(|who| json!({"reviewer": who, "verdict": "ship", "summary": quote(who, slug)})).collect::<Vec<_>>()})
    };
    let home = Home::new(backend);
    let tools = json!([
        tool("left", &["Ann", "Bob", "Cid"]),
        tool("right", &["Dan", "Cid", "Ann"]),
        {"slug": "bare", "name": "Bare"}
    ]);
    home.write("tools.json", tools.to_string());
    let server = home
        .setup()
        .env("TALLYSHIP_CATALOG__FILE", "tools.json")
        .start()
        .await;
    let client = server.client();
    let page = html(&client, "/compare/left-vs-right").await;
    let (_, scorecard) = page.split_once("Reviewer scorecard").expect("a scorecard");
    let rows: Vec<&str> = scorecard.split("class=\"score-row\"").skip(1).collect();
    let reviewer = |row: &&str| {
        after(row, "<h3 dir=\"auto\">")
            .and_then(|rest| rest.split('<').next())
            .map(str::to_owned)
    };
    let reviewers: Vec<String> = rows.iter().filter_map(reviewer).collect();
    assert_eq!(
        reviewers,
        ["Ann", "Cid", "Bob", "Dan"],
        "who judged one tool only comes last"
    );
    for (row, left, right) in [
        (0, true, true),
        (1, true, true),
        (2, true, false),
        (3, false, true),
    ] {
        for (tool, there) in [("left", left), ("right", right)] {
            let whole = quote(&reviewers[row], tool);
            assert_eq!(rows[row].contains(&whole), there, "{whole}");
        }
        assert_eq!(rows[row].contains("Not reviewed."), !(left && right));
    }
    for path in ["/compare/left-vs-right", "/tools/left"] {
        let page = html(&client, path).await;
        let (_, described) = page
            .split_once("<div class=\"description\">")
            .expect("a description");
        let (described, _) = described.split_once("</div>").expect("its end");
        let paragraphs: Vec<&str> = described.split("<p dir=\"auto\">").skip(1).collect();
        assert!(
            paragraphs.len() == 2
                && paragraphs[0].contains("First &#60;b&#62;part&#60;/b&#62;.\nStill first.")
                && paragraphs[1].contains("Second part."),
            "{path}: {paragraphs:?}"
        );
    }
    let page = html(&client, "/compare/bare-vs-left").await;
    assert!(page.contains("There is no description yet.") && page.contains("Not reviewed."));
    assert!(!html(&client, "/tools/bare").await.contains("What it is"));
}

async fn the_list_is_searched_sorted_and_cut_into_pages(backend: Backend) {
    let home = Home::new(backend);
    let tools: Vec<Value> = (0..60)
        .map(|n| {
            json!({"slug": format!("tool-{n:02}"), "name": format!("Tool {n:02}"),
                "tagline": if n % 7 == 0 { "Draws Pictures" } else { "" },
                "category": if n % 2 == 0 { "Even & more" } else { "Odd" },
                "reviews": (0..4).map(|r| json!({"reviewer": format!("R{r}"),
                    "verdict": if r < n % 5 { "ship" } else { "skip" }})).collect::<Vec<_>>()})
        })
        .collect();
    home.write("tools.json", json!(tools).to_string());
    let server = home
        .setup()
        .generous()
        .env("TALLYSHIP_CATALOG__FILE", "tools.json")
        .start()
        .await;
    let client = server.client();

    // Page after page by the link that is there: every tool once, in the order asked for.
    let (mut path, mut seen) = ("/?sort=name".to_owned(), Vec::new());
    for _ in 0..10 {
        let page = html(&client, &path).await;
        seen.extend(rows(&page).into_iter().map(str::to_owned));
        match page.contains("rel=\"next\"") {
            true => {
                let link = page
                    .split("href=\"")
                    .find(|part| part.contains("rel=\"next\""))
                    .expect("the link");
                path = link
                    .split('"')
                    .next()
                    .expect("an address")
                    .replace("&#38;", "&")
                    .replace("&amp;", "&");
                path = path
                    .split('#')
                    .next()
                    .expect("without its place")
                    .to_owned();
            }
            false => break,
        }
    }
    let all: Vec<String> = (0..60).map(|n| format!("tool-{n:02}")).collect();
    assert_eq!(seen, all);

    let found = html(&client, "/?q=pictures+draws&category=&utm_source=elsewhere").await;
    assert_eq!(rows(&found).len(), 9);
    let even = html(&client, "/?category=Even+%26+more&sort=panel").await;
    assert!(
        rows(&even)
            .iter()
            .all(|slug| slug[5..].parse::<u8>().expect("a number") % 2 == 0)
    );
    assert_eq!(
        &rows(&even)[..2],
        ["tool-04", "tool-14"],
        "all of their panel ship"
    );
    let nothing = html(&client, "/?q=zz%3Cb%3Ezz").await;
    assert!(rows(&nothing).is_empty() && nothing.contains("Nothing here matches"));
    assert!(!nothing.contains("<b>zz"), "what was asked for is text");

    for voter in server.setup.mint(6).await {
        client.put_vote(&voter, "tool-41", "skip").await.expect(201);
        client.put_vote(&voter, "tool-33", "ship").await.expect(201);
    }
    let voter = client.visitor().await;
    client.put_vote(&voter, "tool-41", "skip").await.expect(201);
    let first = |page: &str| rows(page)[0].to_owned();
    assert_eq!(first(&html(&client, "/").await), "tool-41", "by votes");
    assert_eq!(first(&html(&client, "/?sort=community").await), "tool-33");
    assert_eq!(
        first(&html(&client, "/?sort=gap").await),
        "tool-33",
        "3 of 4 reviewers, and everybody"
    );

    as_browser(&client, "/?sort=best").send().await.expect(422);
    client
        .get("/?cursor=zzz")
        .send()
        .await
        .problem(422, "invalid");
}

fn assert_guarded(page: &Answer) {
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(
        !policy.contains("unsafe") && !policy.contains('*'),
        "{policy}"
    );
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    assert!(page.header("referrer-policy").is_some());
    // Nothing that such a policy would have to allow: scripts from files only, and no styles in the markup.
    let inline = page.text.split("<script").skip(1).filter(|rest| {
        !rest.starts_with(" type=\"application/ld+json\"")
            && !rest
                .split('>')
                .next()
                .expect("a tag")
                .contains("src=\"/assets/")
    });
    assert_eq!(inline.count(), 0);
    assert!(
        !page.text.contains(" style=")
            && !page.text.contains("<style")
            && !page.text.contains(" onclick=")
    );
}

/// Every place where a name, a tagline, a category, a review or an address goes.
async fn nothing_in_the_catalogue_breaks_out(backend: Backend) {
    const EVIL: &str = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
    let home = Home::new(backend);
    let tool = |slug: &str| {
        json!({"slug": slug, "name": format!("{EVIL} {slug}"), "tagline": EVIL, "category": "<kbd>&\"", "entry": "<samp>",
            "description": EVIL, "url": "https://example.org/\"><var>", "reviews": [{"reviewer": "<var>", "verdict": "ship", "summary": EVIL}]})
    };
    home.write("evil.json", json!([tool("evil"), tool("twin")]).to_string());
    let server = home
        .setup()
        .generous()
        .env("TALLYSHIP_CATALOG__FILE", "evil.json")
        .env("TALLYSHIP_PAGES__NOTICE", EVIL)
        .start()
        .await;
    let client = server.client();
    for path in [
        "/",
        "/tools/evil",
        "/compare/evil-vs-twin",
        "/?q=%3Cscript%3E",
        "/?category=%3Ckbd%3E%26%22",
    ] {
        let page = client.get(path).send().await.expect(200);
        assert_guarded(&page);
        for broken in ["<script>", "<img", "<kbd>", "<samp>", "<var>", "\"'>"] {
            assert!(!page.text.contains(broken), "{path}: {broken}");
        }
    }
}

async fn closed_tools(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let token = server
        .run_cli(&["token", "create", "--role", "site", "--name", "pages"])
        .await
        .success("a token")
        .stdout;
    client
        .delete("/v1/tools/udio")
        .bearer(token.trim())
        .send()
        .await
        .expect(200);
    let page = html(&client, "/tools/udio").await;
    assert!(page.contains("voting has ended") && page.contains("noindex"));
    let form = page.split("<form class=\"vote\"").nth(1).expect("its form");
    assert!(form.split('>').next().expect("a tag").ends_with("hidden"));
    let found = html(&client, "/?q=udio").await;
    assert!(rows(&found).contains(&"suno") && !rows(&found).contains(&"udio"));
}

/// What other sites and browsers rely on: previews, one address for each page, assets that are kept for good.
#[test]
fn previews_and_assets() {
    crate::harness::run(async {
        let server = Home::new(Backend::Sqlite)
            .setup()
            .env("TALLYSHIP_HTTP__PUBLIC_URL", "https://votes.example")
            .env("TALLYSHIP_PAGES__FEATURED", "ollama,whisper")
            .start()
            .await;
        let client = server.client();
        for (path, address, oembed) in [
            ("/", "https://votes.example/", false),
            ("/tools/ollama", "https://votes.example/tools/ollama", true),
            (
                "/compare/whisper-vs-ollama",
                "https://votes.example/compare/ollama-vs-whisper",
                true,
            ),
        ] {
            let answer = client.get(path).send().await.expect(200);
            assert_guarded(&answer);
            let page = &answer.text;
            assert_eq!(after(page, "rel=\"canonical\" href=\""), Some(address));
            for property in ["og:title", "og:description", "og:url"] {
                let content = after(page, &format!("property=\"{property}\" content=\""));
                assert!(
                    content.is_some_and(|content| !content.is_empty()),
                    "{path}: {property}"
                );
            }
            assert_eq!(page.contains("application/json+oembed"), oembed, "{path}");
            let picture =
                after(page, "og:image\" content=\"https://votes.example").expect("a picture");
            let picture = client.get(picture).send().await.expect(200);
            assert_eq!(picture.header("content-type"), Some("image/png"));
        }
        let index = html(&client, "/").await;
        assert!(
            index.contains("/compare/ollama-vs-whisper"),
            "the site's own choice comes first"
        );
        let sheet = after(&index, "rel=\"stylesheet\" href=\"").expect("a style sheet");
        let kept = client.get(sheet).send().await.expect(200);
        assert!(
            kept.header("cache-control")
                .is_some_and(|keep| keep.contains("immutable"))
        );
        let tag = kept.header("etag").expect("a tag").to_owned();
        client
            .get(sheet)
            .header("if-none-match", &tag)
            .send()
            .await
            .expect(304);
        let old = client
            .get("/assets/0000000000000000/site.css")
            .send()
            .await
            .expect(200);
        assert_eq!(old.header("cache-control"), Some("public, no-cache"));
        client
            .get("/assets/x/none.css")
            .send()
            .await
            .problem(404, "not-found");
    });
}

/// What search engines and browsers look for by themselves.
#[test]
fn robots_sitemap_and_icon() {
    crate::harness::run(async {
        let server = Home::new(Backend::Sqlite)
            .setup()
            .env("TALLYSHIP_HTTP__PUBLIC_URL", "https://votes.example")
            .start()
            .await;
        let client = server.client();
        let robots = client.get("/robots.txt").send().await.expect(200);
        let lines: Vec<&str> = robots.text.lines().collect();
        assert!(lines.contains(&"Sitemap: https://votes.example/sitemap.xml"));
        assert!(lines.contains(&"Disallow: /moderation"));
        let token = server
            .run_cli(&["token", "create", "--role", "site", "--name", "pages"])
            .await
            .success("a token")
            .stdout;
        let archived = client.delete("/v1/tools/udio").bearer(token.trim());
        archived.send().await.expect(200);
        let sitemap = client.get("/sitemap.xml").send().await.expect(200);
        for (address, there) in [
            ("https://votes.example/", true),
            ("https://votes.example/tools/codestral-2", true),
            ("https://votes.example/tools/udio", false),
        ] {
            let entry = format!("<loc>{address}</loc>");
            assert_eq!(sitemap.text.contains(&entry), there, "{address}");
        }
        let tag = sitemap.header("etag").expect("a tag").to_owned();
        let again = client.get("/sitemap.xml").header("if-none-match", &tag);
        again.send().await.expect(304);
        let icon = client.get("/favicon.ico").send().await.expect(200);
        assert_eq!(icon.header("content-type"), Some("image/x-icon"));
    });
}
