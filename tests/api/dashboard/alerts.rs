//! Alerts in a browser: seen, looked into by the preview that they lead to, and dismissed with a reason.
use super::{Seat, field};
use crate::harness::{Backend, eventually};
use std::time::Duration;

crate::both!(an_alert_leads_to_a_preview_and_is_dismissed);

const GUARD: Duration = Duration::from_secs(600);

async fn an_alert_leads_to_a_preview_and_is_dismissed(backend: Backend) {
    let seat = Seat::new(backend).await;
    let page = seat.page("/moderation/alerts").await;
    assert!(page.contains("Nothing stands out"), "{page}");
    assert!(!seat.page("/moderation").await.contains("alert is open"));
    seat.desk.voters("ship", 60).await;
    eventually("an alert", GUARD, async || {
        seat.page("/moderation/alerts")
            .await
            .contains("One network")
    })
    .await;
    assert!(seat.page("/moderation").await.contains("One alert is open"));
    let page = seat.page("/moderation/alerts").await;
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
    let preview = seat.page(&format!("/moderation/reset?{query}")).await;
    assert_eq!(field(&preview, "matched"), "60 votes");
    assert_eq!(seat.desk.counts().await, (60, 0), "nothing was changed");

    let id = seat.desk.get("/alerts").await["items"][0]["id"].to_string();
    let path = format!("/moderation/alerts/{id}/dismiss");
    // The tool's page has it as well, and so has a reset of the alerts that were ticked.
    let tool = seat.page("/moderation/tools/codestral-2").await;
    assert!(tool.contains("Open alerts") && tool.contains("One network"));
    let ticked = "/moderation/alerts/reset";
    let leads = seat.get(&format!("{ticked}?id={id}")).await.expect(303);
    let leads = leads.header("location").expect("an address").to_owned();
    let preview = seat.page(&leads).await;
    assert_eq!(field(&preview, "matched"), "60 votes", "{leads}");
    seat.get(ticked).await.page(422);
    seat.get(&format!("{ticked}?id=999")).await.page(404);
    seat.get("/moderation/alerts/ticked/dismiss")
        .await
        .page(422);
    let before = seat.everything();
    assert!(seat.page(&path).await.contains("One network"));
    let again = seat.post(&path, &[("reason", "")]).await.page(422);
    assert!(again.text.contains("One network"), "what it is about stays");
    assert_eq!(seat.everything(), before);
    let to = seat.done(&path, &[("reason", "A class of pupils")]).await;
    assert_eq!(to, "/moderation/alerts");
    seat.get(&path).await.page(409);
    seat.post(&path, &[("reason", "again")]).await.page(409);
    seat.get("/moderation/alerts/999/dismiss").await.page(404);
    let none = [("reason", "nothing there")];
    seat.post("/moderation/alerts/999/dismiss", &none)
        .await
        .page(404);
    assert!(
        seat.page("/moderation/alerts")
            .await
            .contains("Nothing stands out")
    );
    let gone = seat.page("/moderation/alerts?state=dismissed").await;
    assert!(gone.contains("A class of pupils"), "{gone}");
    seat.get("/moderation/alerts?state=shut").await.page(422);
    seat.get("/moderation/alerts?cursor=x").await.page(422);
    let acts = seat.page("/moderation/audit").await;
    assert!(acts.contains("Alert dismissed"), "{acts}");
    seat.desk.server.verify().await;
}
