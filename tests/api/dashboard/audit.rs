//! The page of the audit log: its filters, and the words for each act.
use super::Dashboard;
use crate::harness::Backend;
use crate::moderation::{OTHER, TOOL};
use serde_json::json;

crate::both!(acts_are_found_by_what_they_were);

async fn acts_are_found_by_what_they_were(backend: Backend) {
    let dashboard = Dashboard::new(backend).await;
    let state = |slug: &str| format!("/moderation/tools/{slug}/state");
    for (slug, wanted) in [(TOOL, "frozen"), (OTHER, "frozen"), (TOOL, "open")] {
        dashboard
            .done(&state(slug), &[("state", wanted), ("reason", "x")])
            .await;
    }
    let acts = async |query: &str| dashboard.page(&format!("/moderation/audit?{query}")).await;
    let all = acts("").await;
    for which in [
        format!("<strong>Freeze</strong> <span class=\"subject\">{TOOL}<"),
        format!("<strong>Freeze</strong> <span class=\"subject\">{OTHER}<"),
        format!("<strong>Reopen</strong> <span class=\"subject\">{TOOL}<"),
    ] {
        assert!(all.contains(&which), "{which}: {all}");
    }
    let count = |page: &str| page.matches("<span class=\"subject\">").count();
    assert_eq!(count(&acts("act=tool.state").await), 3);
    assert_eq!(
        count(&acts(&format!("act=tool.state&tool={OTHER}")).await),
        1
    );
    assert_eq!(count(&acts("tool=Codestral+2").await), 2);
    assert_eq!(
        count(&acts("actor=THE%20moderator&act=tool.state").await) % 3,
        0
    );
    assert_eq!(count(&acts("actor=nobody").await), 0);
    assert_eq!(count(&acts("to=2020-01-01T00:00").await), 0);
    assert_eq!(count(&acts("actor=%25").await), 0, "no pattern but text");
    // A reset says of what.
    dashboard.moderator.voters("ship", 2).await;
    dashboard.moderator.reset(json!({})).await.expect(201);
    let page = acts("act=reset").await;
    assert!(page.contains("2 votes on codestral-2"), "{page}");
    // Commands are acts, too.
    for (name, words) in [
        ("visitors.mint", "Visitor tokens minted"),
        ("token.create", "Token created"),
    ] {
        let page = acts(&format!("act={name}")).await;
        let shown = format!("<strong>{words}</strong>");
        assert!(
            page.contains(&shown) && !page.contains("<strong>Reset</strong>"),
            "{page}"
        );
        assert!(
            page.contains(&format!("<option value=\"{name}\" selected>{words}<")),
            "{page}"
        );
    }
    // Of a tool that was renamed, also the acts before.
    let token = dashboard
        .moderator
        .server
        .run_cli(&["token", "create", "--role", "site", "--name", "s"])
        .await;
    let token = token.success("token").stdout;
    let rename = dashboard
        .moderator
        .client
        .post(&format!("/v1/tools/{TOOL}/rename"));
    let rename = rename
        .bearer(token.trim())
        .json(&json!({"slug": "codestral-3"}));
    rename.send().await.expect(200);
    let renamed = acts("tool=codestral-3").await;
    // Two freezes, the reset and the rename.
    assert_eq!(count(&renamed), 4);
}
