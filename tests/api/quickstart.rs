//! The quickstart of `/docs`: what its buttons copy works as it stands.
use crate::harness::Backend;
use crate::harness::run;
use crate::harness::server::{Home, Server};

/// What the buttons of the page copy.
fn copied(page: &str) -> Vec<String> {
    let codes = page.split("data-copy=\"").skip(1);
    let codes = codes.map(|rest| rest.split('"').next().expect("its end"));
    let signs = [
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#38;", "&"),
    ];
    codes
        .map(|code| {
            let plain =
                |text: String, (sign, stands_for): &(&str, &str)| text.replace(sign, stands_for);
            signs.iter().fold(code.to_owned(), plain)
        })
        .collect()
}

async fn ships(server: &Server) -> i64 {
    let tally = server.client().get("/v1/tools/codestral-2/tally");
    let tally = tally.send().await.expect(200).json;
    tally["community"]["ship"].as_i64().expect("a count")
}

#[test]
fn what_the_quickstart_copies_votes() {
    run(async {
        let home = Home::new(Backend::Sqlite);
        let server = home.setup().generous().start().await;
        let client = server.client();
        let page = client.get("/docs").send().await.expect(200).text;
        let copied = copied(&page);
        let [curl, fetch, widget] = &copied[..] else {
            panic!("three ways: {copied:?}");
        };
        let ran = server.setup.run_shell(curl).await.success("curl");
        assert!(ran.stdout.contains("\"choice\":\"ship\""), "{}", ran.stdout);
        assert_eq!(ships(&server).await, 1);
        home.write("vote.mjs", fetch);
        let ran = server.setup.run_shell("node vote.mjs").await;
        assert!(ran.success("fetch").stdout.contains("ship: 2"));
        assert_eq!(ships(&server).await, 2);
        for name in ["tallyship.css", "tallyship.js"] {
            let path = format!("/embed/{name}");
            assert!(
                widget.contains(&format!("\"{}{path}\"", server.url)),
                "{widget}"
            );
            client.get(&path).send().await.expect(200);
        }
        assert!(widget.contains("<ship-vote tool=\"codestral-2\"></ship-vote>"));
        let start = client.get("/").send().await.expect(200).text;
        assert!(start.contains("<a href=\"/docs\">"), "the foot leads there");
    });
}
