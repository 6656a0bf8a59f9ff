//! What other sites carry: badge, shields.io, oEmbed, the widget's script; headers, entity tags and refusals.
//!
//! It must never know how a picture is drawn: only what a reader, a cache or a consumer can rely on.
use crate::harness::Backend;
use crate::harness::client::{Answer, Client};
use crate::harness::server::{Home, Server};
use base64::Engine;
use serde_json::json;
use sha2::{Digest, Sha384};

const TOOL: &str = "codestral-2";
const OTHER: &str = "cursor-background-agents";
const OWN: &str = "https://votes.example";
const ANYBODY: &str = "https://anybody.example";

crate::both!(badges, shields, oembed, oembed_refusals, scripts);

async fn server(backend: Backend) -> Server {
    let setup = Home::new(backend).setup().generous();
    setup.env("TALLYSHIP_HTTP__PUBLIC_URL", OWN).start().await
}

async fn votes(server: &Server, choices: &[&str]) {
    let client = server.client();
    for (voter, choice) in server.setup.mint(choices.len()).await.iter().zip(choices) {
        client.put_vote(voter, TOOL, choice).await;
    }
}

/// 200 for anybody's page, then 304 by its entity tag, and the same head by HEAD.
pub(super) async fn cacheable(client: &Client, path: &str, kind: &str) -> Answer {
    let answer = client
        .get(path)
        .header("origin", ANYBODY)
        .send()
        .await
        .expect(200);
    let header = |name: &str| answer.header(name).unwrap_or_default().to_owned();
    assert!(
        header("content-type").starts_with(kind),
        "{path}: {:?}",
        answer.headers
    );
    assert!(
        header("cache-control").starts_with("public, max-age="),
        "{path}"
    );
    assert_eq!(header("access-control-allow-origin"), "*", "{path}");
    assert_eq!(
        header("cross-origin-resource-policy"),
        "cross-origin",
        "{path}"
    );
    assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
    let tag = header("etag");
    assert!(tag.starts_with('"'), "a strong tag: {tag}");
    let known = client
        .get(path)
        .header("if-none-match", &tag)
        .send()
        .await
        .expect(304);
    assert_eq!(
        (known.text.as_str(), known.header("etag")),
        ("", Some(tag.as_str()))
    );
    let head = client
        .call(reqwest::Method::HEAD, path)
        .send()
        .await
        .expect(200);
    assert_eq!(
        (head.text.as_str(), head.header("etag")),
        ("", Some(tag.as_str()))
    );
    client
        .post(path)
        .send()
        .await
        .problem(405, "method-not-allowed");
    answer
}

async fn badges(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let path = format!("/badge/{TOOL}.svg");
    let empty = cacheable(&client, &path, "image/svg+xml").await;
    for part in [
        "<svg ",
        "<title",
        "Codestral 2",
        "panel ship 75%",
        "community —",
        "prefers-color-scheme:dark",
    ] {
        assert!(empty.text.contains(part), "{part}: {}", empty.text);
    }
    assert!(
        !empty.text.contains("href"),
        "nothing from elsewhere: {}",
        empty.text
    );
    votes(&server, &["ship", "ship", "ship", "skip", "skip"]).await;
    let voted = cacheable(&client, &path, "image/svg+xml").await;
    assert!(voted.text.contains("community 60%"), "{}", voted.text);
    assert!(
        voted.text.contains("60% of 5 votes"),
        "in words too: {}",
        voted.text
    );
    assert_ne!(voted.header("etag"), empty.header("etag"));
    for nothing in ["/badge/nothing-there.svg", "/badge/No.svg"] {
        client
            .get(nothing)
            .send()
            .await
            .problem(404, "unknown-tool");
    }
    for nothing in ["/badge/codestral-2.png", "/badge"] {
        client.get(nothing).send().await.problem(404, "not-found");
    }
}

async fn shields(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let path = format!("/v1/tools/{TOOL}/badge.json");
    let empty = cacheable(&client, &path, "application/json").await;
    let expected = json!({"schemaVersion": 1, "label": "Codestral 2", "message": "panel ship 75% · community —", "color": "lightgrey"});
    assert_eq!(
        empty.json, expected,
        "shields.io refuses what its schema does not name"
    );
    votes(&server, &["ship", "ship", "ship", "ship", "skip"]).await;
    let voted = cacheable(&client, &path, "application/json").await;
    assert_eq!(voted.json["message"], "panel ship 75% · community 80%");
    assert_eq!(voted.json["color"], "brightgreen");
    client
        .get("/v1/tools/nothing-there/badge.json")
        .send()
        .await
        .problem(404, "unknown-tool");
}

async fn oembed(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let two = format!("/embed/{TOOL}?compare={OTHER}");
    for (address, frame) in [
        (format!("{OWN}/tools/{TOOL}"), format!("/embed/{TOOL}")),
        (format!("{OWN}/tools/{TOOL}/"), format!("/embed/{TOOL}")),
        (
            format!("http://votes.example/tools/{TOOL}"),
            format!("/embed/{TOOL}"),
        ),
        (format!("{OWN}/embed/{TOOL}"), format!("/embed/{TOOL}")),
        (format!("{OWN}/compare/{TOOL}-vs-{OTHER}"), two.clone()),
        (format!("{OWN}{two}"), two.clone()),
    ] {
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("url", &address)
            .finish();
        let answer = cacheable(&client, &format!("/oembed?{query}"), "application/json").await;
        let rich = &answer.json;
        assert_eq!(
            (&rich["type"], &rich["version"]),
            (&json!("rich"), &json!("1.0"))
        );
        assert!(
            rich["title"]
                .as_str()
                .expect("a title")
                .starts_with("Codestral 2")
        );
        let html = rich["html"].as_str().expect("html");
        assert!(
            html.contains(&format!("<iframe src=\"{OWN}{frame}\"")),
            "{html}"
        );
        client.get(&frame).send().await.expect(200);
        let small = client
            .get(&format!(
                "/oembed?{query}&maxwidth=200&maxheight=90&format=json"
            ))
            .send()
            .await
            .expect(200)
            .json;
        assert_eq!(
            (&small["width"], &small["height"]),
            (&json!(200), &json!(90))
        );
        let html = small["html"].as_str().expect("html");
        assert!(html.contains("width=\"200\" height=\"90\""), "{html}");
    }
    let xml = cacheable(
        &client,
        &format!("/oembed?url={OWN}/tools/{TOOL}&format=xml"),
        "text/xml",
    )
    .await;
    assert!(xml.text.starts_with("<?xml ") && xml.text.contains("<type>rich</type>"));
    assert!(
        !xml.text.contains("<iframe"),
        "HTML is text inside XML: {}",
        xml.text
    );
}

async fn oembed_refusals(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let ask = async |query: &str| client.get(&format!("/oembed{query}")).send().await;
    for query in ["", "?url=", "?url=codestral-2", "?maxwidth=3"] {
        ask(query).await.problem(422, "invalid");
    }
    let good = format!("?url={OWN}/tools/{TOOL}");
    for wrong in [
        "&maxwidth=wide",
        "&maxwidth=0",
        "&maxheight=-1",
        "&format=yaml",
    ] {
        ask(&format!("{good}{wrong}")).await.problem(422, "invalid");
    }
    for foreign in [
        format!("https://evil.example/tools/{TOOL}"),
        format!("https://votes.example:8443/tools/{TOOL}"),
        format!("https://votes.example.evil.example/tools/{TOOL}"),
        format!("https://votes.example@evil.example/tools/{TOOL}"),
        format!("{OWN}/tools/nothing-there"),
        format!("{OWN}/tools/{TOOL}/vote"),
        format!("{OWN}/compare/{TOOL}"),
        format!("{OWN}/"),
        "javascript:alert(1)".to_owned(),
    ] {
        ask(&format!("?url={foreign}"))
            .await
            .problem(404, "not-found");
    }
}

async fn scripts(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    let plain = cacheable(&client, "/embed/tallyship.js", "text/javascript").await;
    assert!(plain.text.contains("ship-vote"));
    assert!(plain.header("content-encoding").is_none());
    let packed = client
        .get("/embed/tallyship.js")
        .header("accept-encoding", "br;q=1, gzip")
        .send()
        .await
        .expect(200);
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let length: usize = packed
        .header("content-length")
        .expect("known")
        .parse()
        .expect("a number");
    assert!(length < 8 * 1024, "{length} bytes");
    assert_ne!(
        packed.header("etag"),
        plain.header("etag"),
        "other bytes, another tag"
    );
    let varies = |answer: &Answer| {
        answer
            .headers
            .get_all("vary")
            .iter()
            .any(|v| v == "Accept-Encoding")
    };
    assert!(varies(&packed) && varies(&plain));

    let readme = include_str!("../../clients/widget/README.md");
    let between = |before: &str, after: char| {
        let from = readme.find(before).expect(before) + before.len();
        readme[from..].split(after).next().expect("more").to_owned()
    };
    let pinned = between("src=\"https://votes.example/embed/tallyship-", '"');
    let pinned = client
        .get(&format!("/embed/tallyship-{pinned}"))
        .send()
        .await
        .expect(200);
    assert_eq!(pinned.text, plain.text);
    assert_eq!(
        pinned.header("cache-control"),
        Some("public, max-age=31536000, immutable")
    );
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha384::digest(&pinned.text));
    assert_eq!(
        between("integrity=\"sha384-", '"'),
        hash,
        "the documented hash"
    );

    let (_, late) = plain.text.split_once("embed/late-").expect("its address");
    let (late, _) = late.split_once(".js").expect("its end");
    let late = client
        .get(&format!("/embed/late-{late}.js"))
        .send()
        .await
        .expect(200);
    assert_eq!(late.header("cache-control"), pinned.header("cache-control"));
    let plain = cacheable(&client, "/embed/late.js", "text/javascript").await;
    assert_eq!(late.text, plain.text);

    cacheable(&client, "/embed/tallyship.css", "text/css").await;
    cacheable(&client, "/embed/resize.js", "text/javascript").await;
    for nothing in [
        "/embed/tallyship-0000000000000000.js",
        "/embed/other.js",
        "/embed/other.css",
    ] {
        client.get(nothing).send().await.problem(404, "not-found");
    }
}
