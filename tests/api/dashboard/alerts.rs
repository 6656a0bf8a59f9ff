//! Alerts in a browser: seen, looked into by the preview that they lead to, and dismissed with a reason.
use super::{Dashboard, field};
use crate::harness::{Backend, eventually};
use std::time::Duration;

crate::both!(an_alert_leads_to_a_preview_and_is_dismissed);

const GUARD: Duration = Duration::from_secs(600);

async fn an_alert_leads_to_a_preview_and_is_dismissed(backend: Backend) {
    let dashboard = Dashboard::new(backend).await;
    let page = dashboard.page("/moderation/alerts").await;
    assert!(page.contains("Nothing stands out"), "{page}");
    assert!(
        !dashboard
            .page("/moderation")
            .await
            .contains("alert is open")
    );
    dashboard.moderator.voters("ship", 60).await;
    eventually("an alert", GUARD, async || {
        dashboard
            .page("/moderation/alerts")
            .await
            .contains("One network")
    })
    .await;
    assert!(
        dashboard
            .page("/moderation")
            .await
            .contains("One alert is open")
    );
    let page = dashboard.page("/moderation/alerts").await;
    let score: i64 = field(&page, "score").parse().expect("a number");
    assert!(score >= 60, "{page}");
    // The way into the preview has the filter filled in.
    let mark = "href=\"/moderation/reset?";
    let from = page.find(mark).expect("a link") + mark.len();
    let query = page[from..].split('"').next().expect("an end");
    let query = query.replace("&#38;", "&").replace("&amp;", "&");
    assert!(
        query.contains("network=") && query.contains("from="),
        "{query}"
    );
    let preview = dashboard.page(&format!("/moderation/reset?{query}")).await;
    assert_eq!(field(&preview, "matched"), "60 votes");
    assert_eq!(
        dashboard.moderator.counts().await,
        (60, 0),
        "nothing was changed"
    );

    let id = dashboard.moderator.get("/alerts").await["items"][0]["id"].to_string();
    let path = format!("/moderation/alerts/{id}/dismiss");
    // The tool's page has it as well, and so has a reset of the alerts that were ticked.
    let tool = dashboard.page("/moderation/tools/codestral-2").await;
    assert!(tool.contains("Open alerts") && tool.contains("One network"));
    let ticked = "/moderation/alerts/reset";
    let leads = dashboard
        .get(&format!("{ticked}?id={id}"))
        .await
        .expect(303);
    let leads = leads.header("location").expect("an address").to_owned();
    let preview = dashboard.page(&leads).await;
    assert_eq!(field(&preview, "matched"), "60 votes", "{leads}");
    dashboard.get(ticked).await.page(422);
    dashboard.get(&format!("{ticked}?id=999")).await.page(404);
    dashboard
        .get("/moderation/alerts/ticked/dismiss")
        .await
        .page(422);
    let before = dashboard.everything();
    assert!(dashboard.page(&path).await.contains("One network"));
    let again = dashboard.post(&path, &[("reason", "")]).await.page(422);
    assert!(again.text.contains("One network"), "what it is about stays");
    assert_eq!(dashboard.everything(), before);
    let to = dashboard
        .done(&path, &[("reason", "A class of pupils")])
        .await;
    assert_eq!(to, "/moderation/alerts");
    dashboard.get(&path).await.page(409);
    dashboard
        .post(&path, &[("reason", "again")])
        .await
        .page(409);
    dashboard
        .get("/moderation/alerts/999/dismiss")
        .await
        .page(404);
    let none = [("reason", "nothing there")];
    dashboard
        .post("/moderation/alerts/999/dismiss", &none)
        .await
        .page(404);
    assert!(
        dashboard
            .page("/moderation/alerts")
            .await
            .contains("Nothing stands out")
    );
    let gone = dashboard.page("/moderation/alerts?state=dismissed").await;
    assert!(gone.contains("A class of pupils"), "{gone}");
    dashboard
        .get("/moderation/alerts?state=shut")
        .await
        .page(422);
    dashboard.get("/moderation/alerts?cursor=x").await.page(422);
    let acts = dashboard.page("/moderation/audit").await;
    assert!(acts.contains("Alert dismissed"), "{acts}");
    dashboard.moderator.server.verify().await;
}
