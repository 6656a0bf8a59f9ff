//! What moderators see: names and reasons that would break out, filters, lists that turn pages, and what is not there.
use super::{Dashboard, field};
use crate::harness::Backend;
use crate::moderation::{OTHER, TOOL, staff};
use serde_json::json;

crate::both!(
    nothing_that_people_write_breaks_out,
    a_tool_shows_its_course_and_what_stands_out,
    lists_turn_pages,
);

const SCRIPT: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";

async fn nothing_that_people_write_breaks_out(backend: Backend) {
    let dashboard = Dashboard::new(backend).await;
    let site = staff(&dashboard.moderator.server, "site").await;
    let put = dashboard
        .moderator
        .client
        .put(&format!("/v1/tools/{TOOL}"))
        .bearer(&site);
    put.json(&json!({"name": SCRIPT})).send().await.expect(200);
    dashboard.moderator.voters("ship", 6).await;
    let voter = dashboard.moderator.get("/votes").await["items"][0]["voter"]
        .as_str()
        .expect("id")
        .to_owned();
    let reset = dashboard
        .moderator
        .reset(json!({"reason": SCRIPT, "choice": "ship"}))
        .await
        .expect(201)
        .json;
    let undo = format!("/moderation/resets/{}/undo", reset["id"]);
    dashboard
        .done("/moderation/bans", &[("voter", &voter), ("reason", SCRIPT)])
        .await;
    let (from, to) = ("2020-01-01T00:00", "2020-01-02T00:00");
    dashboard
        .done(
            "/moderation/periods",
            &[
                ("tool", TOOL),
                ("from", from),
                ("to", to),
                ("reason", SCRIPT),
            ],
        )
        .await;
    let ban = dashboard.moderator.get("/bans").await["items"][0]["id"].to_string();
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("q", SCRIPT),
            ("reason", SCRIPT),
            ("back", SCRIPT),
            ("from", SCRIPT),
        ])
        .finish();
    for path in [
        "/moderation",
        &format!("/moderation?{query}"),
        &format!("/moderation/sign-in?{query}"),
        &format!("/moderation/tools/{TOOL}"),
        &format!("/moderation/tools/{TOOL}?{query}"),
        &format!("/moderation/tools/{TOOL}/state"),
        &format!("/moderation/votes?{query}"),
        "/moderation/votes",
        &format!(
            "/moderation/reset?tool={TOOL}&reason={}",
            query
                .split("reason=")
                .nth(1)
                .expect("it")
                .split('&')
                .next()
                .expect("it")
        ),
        "/moderation/resets",
        &undo,
        undo.trim_end_matches("/undo"),
        "/moderation/periods",
        &format!("/moderation/periods/new?tool={TOOL}&from={from}&to={to}"),
        "/moderation/bans",
        &format!("/moderation/bans/new?voter={voter}"),
        &format!("/moderation/bans/{ban}/lift"),
        "/moderation/audit",
        &format!("/moderation/tools/{}", query.split('&').next().expect("it")),
    ] {
        let answer = dashboard.get(path).await;
        assert!(
            matches!(answer.status, 200 | 404 | 422),
            "{path}: {}",
            answer.status
        );
        for broken in ["<script>alert", "<img src=x", "\"'>"] {
            assert!(!answer.text.contains(broken), "{path}: {}", answer.text);
        }
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(
            policy.contains("script-src 'self';") && !policy.contains("unsafe"),
            "{policy}"
        );
    }
    // What was typed comes back into the form, as text.
    let again = dashboard
        .post(
            &undo,
            &[("reason", &format!("{SCRIPT}{}", "x".repeat(1_000)))],
        )
        .await
        .page(422);
    assert!(!again.text.contains("<script>alert"), "{}", again.text);
    assert!(
        again.text.contains("&#60;script&#62;alert(1)"),
        "{}",
        again.text
    );
}

async fn a_tool_shows_its_course_and_what_stands_out(backend: Backend) {
    let dashboard = Dashboard::new(backend).await;
    dashboard.moderator.voters("ship", 12).await;
    let page = dashboard.page(&format!("/moderation/tools/{TOOL}")).await;
    assert_eq!(
        (field(&page, "community"), field(&page, "aside")),
        ("100%", "0 votes")
    );
    let network = dashboard.moderator.get("/votes").await["items"][0]["network"]
        .as_str()
        .expect("hash")
        .to_owned();
    assert!(
        page.contains(&format!(
            "/moderation/reset?tool={TOOL}&amp;network={network}"
        )),
        "the cluster: {page}"
    );
    assert!(page.contains("data-brush"), "{page}");
    let votes = dashboard
        .page(&format!("/moderation/votes?tool={TOOL}&network={network}"))
        .await;
    assert_eq!(votes.matches("<td class=\"ship\">").count(), 12);
    assert!(
        dashboard
            .page(&format!("/moderation/votes?tool={OTHER}"))
            .await
            .contains("No votes match")
    );
    for bad in ["from=yesterday", "to=x", "voter=x", "network=x", "cursor=x"] {
        let answer = dashboard
            .get(&format!("/moderation/votes?{bad}"))
            .await
            .page(422);
        let named = bad.split('=').next().expect("a name");
        assert!(
            answer.text.contains(&format!("{named}: ")),
            "{}",
            answer.text
        );
    }
    dashboard
        .get(&format!("/moderation/tools/{TOOL}?from=x"))
        .await
        .page(422);
    dashboard
        .get(&format!("/moderation/reset?tool={TOOL}&choice=both"))
        .await
        .page(422);
    dashboard.get("/moderation/reset").await.page(404);
    // A reset of nothing says so.
    let page = dashboard
        .page(&format!("/moderation/reset?tool={OTHER}"))
        .await;
    assert_eq!(field(&page, "matched"), "0 votes");
    assert!(page.contains("No vote that counts now matches"), "{page}");
    let none = dashboard.page("/moderation?q=nothing+like+it").await;
    assert!(none.contains("No tool has “nothing like it”"), "{none}");
}

async fn lists_turn_pages(backend: Backend) {
    let dashboard = Dashboard::new(backend).await;
    dashboard.moderator.voters("ship", 101).await;
    let (first, second) = two_pages(&dashboard, "/moderation/votes").await;
    let count = |page: &str| page.matches("<td class=\"ship\">").count();
    assert_eq!((count(&first), count(&second)), (100, 1));
    for n in 0..51 {
        let ban = json!({"network": format!("{n:032x}"), "reason": format!("farm {n}.")});
        dashboard.moderator.post("/bans", ban).await.expect(201);
    }
    let (first, second) = two_pages(&dashboard, "/moderation/bans").await;
    assert!(first.contains("farm 50.") && !first.contains("farm 0."));
    assert!(second.contains("farm 0.") && !second.contains("farm 1."));
    let (first, second) = two_pages(&dashboard, "/moderation/audit").await;
    assert!(first.contains("farm 50.") && second.contains("Sign-in"));
}

/// The first page of a list, and what its link to older ones leads to.
async fn two_pages(dashboard: &Dashboard, path: &str) -> (String, String) {
    let first = dashboard.page(path).await;
    let mark = "class=\"paging\"><a class=\"button quiet\" href=\"";
    let from = first
        .find(mark)
        .unwrap_or_else(|| panic!("no other page: {first}"))
        + mark.len();
    let next = first[from..].split('"').next().expect("an address");
    let second = dashboard
        .page(&next.replace("&#38;", "&").replace("&amp;", "&"))
        .await;
    (first, second)
}
