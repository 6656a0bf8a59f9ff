//! Pictures of link previews: what they are, when they change, and that the pages name them.
//!
//! It must never know where something is drawn.
use crate::embed::cacheable;
use crate::harness::Backend;
use crate::harness::server::{Home, Server};
use serde_json::json;
use tiny_skia::Pixmap;

const OWN: &str = "https://votes.example";
const TOOL: &str = "codestral-2";
const OTHER: &str = "cursor-background-agents";
const TOOL_PICTURE: &str = "/preview/tools/codestral-2.png";
const PAIR_PICTURE: &str = "/preview/compare/codestral-2-vs-cursor-background-agents.png";

crate::both!(pictures_show_the_tally, names_that_the_font_lacks);

async fn picture(server: &Server, path: &str) -> Pixmap {
    let answer = reqwest::get(format!("{}{path}", server.url)).await;
    let bytes = answer.expect("an answer").bytes().await.expect("a body");
    let picture = Pixmap::decode_png(&bytes).expect("a PNG");
    assert_eq!((picture.width(), picture.height()), (1200, 630), "{path}");
    picture
}

async fn pictures_show_the_tally(backend: Backend) {
    let setup = Home::new(backend).setup().generous();
    let server = setup.env("TALLYSHIP_HTTP__PUBLIC_URL", OWN).start().await;
    let client = server.client();
    for (page, path) in [
        ("/tools/codestral-2", TOOL_PICTURE),
        (
            "/compare/cursor-background-agents-vs-codestral-2",
            PAIR_PICTURE,
        ),
    ] {
        let html = client.get(page).send().await.expect(200).text;
        for part in [
            format!("<meta property=\"og:image\" content=\"{OWN}{path}\">"),
            "<meta property=\"og:image:width\" content=\"1200\">".to_owned(),
            "<meta property=\"og:image:height\" content=\"630\">".to_owned(),
            "<meta name=\"twitter:card\" content=\"summary_large_image\">".to_owned(),
        ] {
            assert!(html.contains(&part), "{page}: {part}");
        }
        let (_, alternative) = html.split_once("og:image:alt\" content=\"").expect("words");
        let (alternative, _) = alternative.split_once('"').expect("their end");
        for part in ["Codestral 2", "Panel: ", "75%"] {
            assert!(alternative.contains(part), "{page}: {alternative}");
        }
    }
    for path in [TOOL_PICTURE, PAIR_PICTURE] {
        let before = cacheable(&client, path, "image/png").await;
        let (old, again) = (picture(&server, path).await, picture(&server, path).await);
        assert_eq!(old, again, "the same tally, the same picture");
        for voter in server.setup.mint(6).await {
            client.put_vote(&voter, TOOL, "ship").await.expect(201);
        }
        let now = client.get(path).send().await.expect(200);
        assert_ne!(now.header("etag"), before.header("etag"), "{path}");
        assert_ne!(picture(&server, path).await, old, "{path}");
    }
    let missing = client.get("/preview/tools/none.png").send().await;
    missing.problem(404, "unknown-tool");
    for pair in [
        "none-vs-codestral-2",
        "codestral-2",
        "codestral-2-vs-codestral-2",
    ] {
        let path = format!("/preview/compare/{pair}.png");
        client.get(&path).send().await.problem(404, "not-found");
    }
}

/// A name of signs that the font lacks is drawn as the slug, and one of both without them: never as boxes.
async fn names_that_the_font_lacks(backend: Backend) {
    let server = Home::new(backend).setup().generous().start().await;
    let client = server.client();
    let made = server
        .run_cli(&["token", "create", "--role", "site", "--name", "test"])
        .await
        .success("token create");
    let mut drawn = Vec::new();
    for name in [
        "here",
        "\u{6a21}\u{578b} \u{1f680}",
        "\u{643}\u{648}\u{62f}",
        "here \u{1f680}",
        "There",
    ] {
        let put = client.call(reqwest::Method::PUT, "/v1/tools/here");
        let put = put
            .bearer(made.stdout.trim())
            .json(&json!({ "name": name }));
        assert!(put.send().await.status < 300, "{name}");
        drawn.push(picture(&server, "/preview/tools/here.png").await);
    }
    let [plain, chinese, arabic, rocket, other] = &drawn[..] else {
        panic!("five pictures");
    };
    assert_ne!(plain, other);
    for same in [chinese, arabic, rocket] {
        assert_eq!(same, plain);
    }
    let pair = format!("/preview/compare/here-vs-{OTHER}.png");
    picture(&server, &pair).await;
}
