//! Refusals as browsers get them: pages with a way on, and forms that change nothing.
use super::{COMPARE, TOOL, as_browser, assert_guarded, server};
use crate::harness::Backend;
use crate::harness::server::Home;

crate::both!(
    a_browser_gets_refusals_as_pages,
    a_form_that_is_refused_is_a_page_and_changes_nothing,
);

async fn a_browser_gets_refusals_as_pages(backend: Backend) {
    let server = server(backend).await;
    let client = server.client();
    for path in [
        "/tools/nothing-there",
        "/compare/a-vs-b",
        "/compare/codestral-2-vs-codestral-2",
        "/nowhere",
        "/tools/A_b",
    ] {
        let page = as_browser(&client, path).send().await.expect(404);
        assert!(
            page.text.contains("<h1>") && page.text.contains("href=\"/\""),
            "{path}"
        );
        assert_guarded(&page);
        assert_eq!(page.header("cache-control"), Some("no-store"));
        let problem = client.get(path).send().await;
        assert!(
            ["unknown-tool", "not-found"].contains(&problem.code()),
            "{path}"
        );
        problem.expect(404);
    }
    // Calls of scripts keep their problems, whatever they accept.
    as_browser(&client, "/v1/tools/nothing-there")
        .send()
        .await
        .problem(404, "unknown-tool");
    as_browser(&client, "/v1/nothing")
        .send()
        .await
        .problem(404, "not-found");
    let method = as_browser(&client, "/tools/codestral-2/vote")
        .send()
        .await
        .expect(405);
    assert_eq!(method.header("allow"), Some("POST"));
    assert!(method.text.contains("<h1>"));

    for (query, to) in [
        ("a=codestral-2&b=Cursor+Background+Agents", COMPARE),
        ("a=CLAUDE+code&b=aider", "/compare/claude-code-vs-aider"),
    ] {
        let answer = client
            .get(&format!("/compare?{query}"))
            .send()
            .await
            .expect(303);
        assert_eq!(answer.header("location"), Some(to), "{query}");
    }
    // What does not name two tools is a page of choices that says why.
    for (query, why) in [
        ("", "No tool was named."),
        ("a=codestral-2", "No tool was named."),
        ("a=codestral-2&b=codestral-2", "Both names are of one tool."),
        ("a=codestral-2&b=no+such", "No tool is named “no such”."),
        ("a=%3Cb%3E&b=", "No tool is named “&#60;b&#62;”."),
    ] {
        let answer = client.get(&format!("/compare?{query}")).send().await;
        let page = answer.expect(200);
        assert!(page.text.contains(why), "{query}: {}", page.text);
    }
}

async fn a_form_that_is_refused_is_a_page_and_changes_nothing(backend: Backend) {
    let server = Home::new(backend)
        .setup()
        .env("TALLYSHIP_LIMITS__VOTES_PER_NETWORK", "1/1h")
        .start()
        .await;
    let client = server.client();
    let form = |tool: &str| {
        client
            .post(&format!("/tools/{tool}/vote"))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", &server.url)
            .header("accept", "text/html")
            .body(format!("choice=ship&back=/tools/{tool}%23vote"))
    };
    let taken = form(TOOL).send().await.expect(303);
    assert_eq!(taken.header("location"), Some("/tools/codestral-2#vote"));
    let refused = form(TOOL).send().await.expect(429);
    assert!(refused.header("retry-after").is_some() && refused.header("ratelimit").is_some());
    assert!(refused.text.contains("<h1>"), "{}", refused.text);
    assert_guarded(&refused);
    assert_eq!(client.counts(TOOL).await, (1, 0));
}
