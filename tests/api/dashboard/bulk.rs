//! Many rows at once: a ring is reset as one, bans are lifted and held votes rejected together, with one reason each. And
//! fields that take what pages show, and keep what was typed when they refuse it.
use super::{Dashboard, field};
use crate::harness::Backend;
use crate::harness::client::Client;
use crate::harness::dashboard::value;
use crate::harness::server::Home;
use crate::moderation::{Moderator, TOOL};
use serde_json::{Value, json};

crate::both!(
    a_ring_is_reset_banned_and_let_back_as_one,
    fields_take_what_pages_show,
    a_refusal_keeps_what_was_typed,
    held_votes_of_several_networks_are_rejected_at_once,
    votes_are_filtered_and_exported,
);

/// Two votes on `TOOL` from each of these networks; gives the networks' hashes, the newest first.
async fn ring(dashboard: &Dashboard, last_bytes: &[u8], choice: &str) -> Vec<String> {
    for byte in last_bytes {
        let client =
            Client::from_address(&dashboard.moderator.server.url, [127, 0, 0, *byte].into());
        for _ in 0..5 {
            let voter = client.visitor().await;
            client.put_vote(&voter, TOOL, choice).await.expect(201);
        }
    }
    networks(dashboard).await
}

async fn votes(dashboard: &Dashboard) -> Vec<Value> {
    let items = dashboard
        .moderator
        .get(&format!("/votes?tool={TOOL}"))
        .await["items"]
        .clone();
    items.as_array().expect("items").clone()
}

async fn networks(dashboard: &Dashboard) -> Vec<String> {
    let mut networks: Vec<String> = Vec::new();
    for vote in votes(dashboard).await {
        let network = vote["network"].as_str().expect("a hash").to_owned();
        if !networks.contains(&network) {
            networks.push(network);
        }
    }
    networks
}

async fn a_ring_is_reset_banned_and_let_back_as_one(backend: Backend) {
    let dashboard = Dashboard::new(backend).await;
    let ring = ring(&dashboard, &[2, 3, 4], "ship").await;
    let page = dashboard.page(&format!("/moderation/tools/{TOOL}")).await;
    for network in &ring {
        let box_of = format!("<input type=\"checkbox\" name=\"network\" value=\"{network}\"");
        assert!(page.contains(&box_of), "{page}");
    }
    assert_eq!(value(&page, "rows").as_deref(), Some("network"));
    let all = dashboard
        .page(&format!("/moderation/tools/{TOOL}?ticked=networks"))
        .await;
    assert_eq!(all.matches(" checked>").count(), 3, "{all}");

    // Nothing ticked means no vote, not all of them.
    let none = dashboard
        .get(&format!("/moderation/reset?tool={TOOL}&rows=network"))
        .await
        .page(422);
    assert!(none.text.contains("tick at least one row"), "{}", none.text);
    assert!(!none.text.contains("data-field=\"matched\""));

    let ticked = format!("network={}&network={}", ring[0], ring[2]);
    let before = dashboard.everything();
    let page = dashboard
        .page(&format!(
            "/moderation/reset?tool={TOOL}&rows=network&{ticked}"
        ))
        .await;
    assert_eq!(field(&page, "matched"), "10 votes");
    assert_eq!(dashboard.everything(), before);
    let (plan, meant) = (
        value(&page, "plan").expect("a plan"),
        value(&page, "network").expect("the networks"),
    );
    let to = dashboard
        .done(
            "/moderation/resets",
            &[
                ("tool", TOOL),
                ("plan", &plan),
                ("network", &meant),
                ("reason", "One ring"),
            ],
        )
        .await;
    assert_eq!(dashboard.moderator.counts().await, (5, 0));
    assert_eq!(
        dashboard.moderator.get("/resets").await["items"]
            .as_array()
            .expect("one")
            .len(),
        1
    );
    dashboard
        .done(&format!("{to}/undo"), &[("reason", "A rehearsal")])
        .await;
    assert_eq!(dashboard.moderator.counts().await, (15, 0));

    let page = dashboard
        .page(&format!("/moderation/bans/new?{ticked}"))
        .await;
    assert!(page.contains("these 2 networks"), "{page}");
    dashboard
        .done(
            "/moderation/bans",
            &[
                ("network", &ring[0]),
                ("network", &ring[2]),
                ("reason", "A farm"),
            ],
        )
        .await;
    let bans = dashboard.moderator.get("/bans").await["items"].clone();
    let ids: Vec<String> = bans
        .as_array()
        .expect("bans")
        .iter()
        .map(|ban| ban["id"].to_string())
        .collect();
    assert_eq!(ids.len(), 2);
    let page = dashboard.page(&format!("/moderation/tools/{TOOL}")).await;
    assert_eq!(page.matches(">banned<").count(), 2, "they are marked");
    let lift = "/moderation/bans/ticked/lift";
    dashboard.get(lift).await.page(422);
    let both = format!("{lift}?id={}&id={}", ids[0], ids[1]);
    let page = dashboard.page(&both).await;
    assert!(page.contains("Lift 2 bans"), "{page}");
    let with = |reason| {
        [
            ("id", ids[0].as_str()),
            ("id", ids[1].as_str()),
            ("reason", reason),
        ]
    };
    let again = dashboard.post(lift, &with("")).await.page(422);
    assert!(again.text.contains("Lift 2 bans"));
    // One of them is no more: neither is lifted.
    let gone = [("id", ids[0].as_str()), ("id", "999"), ("reason", "x")];
    dashboard.post(lift, &gone).await.page(404);
    assert_eq!(
        dashboard.moderator.get("/bans").await["items"]
            .as_array()
            .expect("bans")
            .len(),
        2
    );
    dashboard.done(lift, &with("They were people")).await;
    assert_eq!(dashboard.moderator.get("/bans").await["items"], json!([]));
    dashboard.moderator.server.verify().await;
}

async fn fields_take_what_pages_show(backend: Backend) {
    let dashboard = Dashboard::new(backend).await;
    let ring = ring(&dashboard, &[2, 3], "ship").await;
    let newest = votes(&dashboard).await[0].clone();
    let voter = newest["voter"].as_str().expect("an id");
    let (short_voter, short) = (&voter[voter.len() - 8..], &ring[0][24..]);
    let rows = async |query: String| {
        let page = dashboard.page(&format!("/moderation/votes?{query}")).await;
        page.matches("<td class=\"ship\">").count()
    };
    let encode =
        |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    for typed in [
        format!("visitor …{short_voter}"),
        format!("  VISITOR …{}  ", short_voter.to_uppercase()),
        short_voter.to_owned(),
        voter.to_uppercase(),
        format!(
            "{}/moderation/votes?voter={voter}",
            dashboard.moderator.server.url
        ),
    ] {
        let query = format!("voter={}", encode(&typed));
        assert_eq!(rows(query).await, 1, "{typed}");
    }
    for typed in [
        short.to_owned(),
        format!(" {} ", short.to_uppercase()),
        format!("…{short}"),
        ring[0].to_uppercase(),
    ] {
        let query = format!("network={}", encode(&typed));
        assert_eq!(rows(query).await, 5, "{typed}");
    }
    assert_eq!(
        rows(format!("network={short},{}", &ring[1][24..])).await,
        10
    );
    for typed in [
        "codestral-2",
        "Codestral 2",
        " CODESTRAL 2 ",
        "/moderation/tools/codestral-2?from=2026-01-01T00:00:00",
        "https://elsewhere.example/tools/codestral-2",
    ] {
        assert_eq!(rows(format!("tool={}", encode(typed))).await, 10, "{typed}");
    }
    // A reset, a ban and a period take the same; what they carry on is whole.
    let page = dashboard
        .page(&format!(
            "/moderation/reset?tool=Codestral+2&network={short}"
        ))
        .await;
    assert_eq!(field(&page, "matched"), "5 votes");
    assert_eq!(value(&page, "network").as_deref(), Some(ring[0].as_str()));
    let page = dashboard
        .page(&format!(
            "/moderation/bans/new?voter=visitor+…{short_voter}"
        ))
        .await;
    assert!(page.contains(voter), "{page}");
    let page = dashboard
        .page("/moderation/periods/new?tool=Codestral+2&from=2020-01-01T00:00&to=2100-01-01T00:00")
        .await;
    assert_eq!(field(&page, "matched"), "10 votes");
}

async fn a_refusal_keeps_what_was_typed(backend: Backend) {
    let dashboard = Dashboard::new(backend).await;
    ring(&dashboard, &[2], "ship").await;
    for (address, status, field, typed) in [
        ("/moderation/votes?voter=somebody", 422, "voter", "somebody"),
        (
            "/moderation/votes?tool=Nothing+like+it",
            404,
            "tool",
            "Nothing like it",
        ),
        (
            "/moderation/votes?network=0123456789",
            422,
            "network",
            "0123456789",
        ),
        (
            "/moderation/reset?tool=Codestral+2&network=zz",
            422,
            "network",
            "zz",
        ),
        ("/moderation/reset?tool=Nothing", 404, "tool", "Nothing"),
        (
            "/moderation/reset?tool=codestral-2&from=yesterday",
            422,
            "from",
            "yesterday",
        ),
        (
            "/moderation/bans/new?voter=somebody",
            422,
            "voter",
            "somebody",
        ),
        (
            "/moderation/periods/new?tool=codestral-2&from=x&to=2100-01-01T00:00",
            422,
            "from",
            "x",
        ),
        ("/moderation/audit?tool=Nothing", 404, "tool", "Nothing"),
        (
            "/moderation/tools/codestral-2?from=yesterday",
            422,
            "from",
            "yesterday",
        ),
    ] {
        let answer = dashboard.get(address).await.page(status);
        assert_eq!(
            value(&answer.text, field).as_deref(),
            Some(typed),
            "{address}\n{}",
            answer.text
        );
        let beside = format!("id=\"{field}-error\"");
        assert!(answer.text.contains(&beside), "{address}\n{}", answer.text);
    }
    let page = dashboard.page("/moderation/reset?tool=codestral-2").await;
    let plan = value(&page, "plan").expect("a plan");
    let again = dashboard
        .post(
            "/moderation/resets",
            &[
                ("tool", TOOL),
                ("plan", &plan),
                ("reason", "A ring"),
                ("ban", "yes"),
                ("ban_until", "soon"),
            ],
        )
        .await
        .page(422);
    assert!(again.text.contains(">A ring</textarea>"), "{}", again.text);
    assert!(
        again.text.contains("id=\"ban_until-error\""),
        "{}",
        again.text
    );
    assert_eq!(value(&again.text, "ban_until").as_deref(), Some("soon"));
    assert_eq!(field(&again.text, "matched"), "5 votes");
}

async fn held_votes_of_several_networks_are_rejected_at_once(backend: Backend) {
    let setup = Home::new(backend)
        .setup()
        .generous()
        .env("TALLYSHIP_ABUSE__HOLD", "on");
    let dashboard = Dashboard::at(Moderator::at(setup.start().await).await).await;
    for byte in [2, 3] {
        let client =
            Client::from_address(&dashboard.moderator.server.url, [127, 0, 0, byte].into());
        for _ in 0..30 {
            let voter = client.visitor().await;
            client.put_vote(&voter, TOOL, "ship").await;
        }
    }
    let page = dashboard.page("/moderation/held").await;
    let rows: Vec<String> = page
        .split("name=\"row\" value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().expect("a value").to_owned())
        .collect();
    assert_eq!(rows.len(), 2, "{page}");
    let overview = dashboard.page("/moderation").await;
    assert!(overview.contains("are held"), "{overview}");
    let query = format!("verdict=reject&row={}&row={}", rows[0], rows[1]);
    let preview = dashboard
        .page(&format!("/moderation/held/settle?{query}"))
        .await;
    let held = field(&preview, "matched").to_owned();
    let to = value(&preview, "to").expect("an end");
    let counted = dashboard.moderator.counts().await;
    let leads = dashboard
        .done(
            "/moderation/held/settle",
            &[
                ("verdict", "reject"),
                ("row", &rows[0]),
                ("row", &rows[1]),
                ("to", &to),
                ("reason", "One hand"),
            ],
        )
        .await;
    assert_eq!(
        dashboard.moderator.counts().await,
        counted,
        "{held} were not counted before"
    );
    let page = dashboard.page(&leads).await;
    assert!(
        page.contains("No vote is held") && page.contains("Preview a reset of those on"),
        "{page}"
    );
    let mark = "href=\"/moderation/reset?";
    let from = page.find(mark).expect("a link") + mark.len();
    let query = page[from..].split('"').next().expect("an end");
    let query = query.replace("&#38;", "&").replace("&amp;", "&");
    let preview = dashboard.page(&format!("/moderation/reset?{query}")).await;
    assert_eq!(field(&preview, "matched"), format!("{} votes", counted.0));
    dashboard
        .get("/moderation/held/settle?verdict=reject")
        .await
        .page(422);
    dashboard.moderator.server.verify().await;
}

async fn votes_are_filtered_and_exported(backend: Backend) {
    let dashboard = Dashboard::new(backend).await;
    ring(&dashboard, &[2], "ship").await;
    ring(&dashboard, &[3], "skip").await;
    dashboard
        .moderator
        .reset(json!({"choice": "skip"}))
        .await
        .expect(201);
    let count = async |query: &str, choice: &str| {
        let page = dashboard
            .page(&format!("/moderation/votes?tool={TOOL}&{query}"))
            .await;
        page.matches(&format!("<td class=\"{choice}\">")).count()
    };
    assert_eq!(
        (
            count("choice=ship", "ship").await,
            count("choice=ship", "skip").await
        ),
        (5, 0)
    );
    assert_eq!(
        (
            count("standing=counted", "ship").await,
            count("standing=counted", "skip").await
        ),
        (5, 0)
    );
    assert_eq!(
        (
            count("standing=set-aside", "ship").await,
            count("standing=set-aside", "skip").await
        ),
        (0, 5)
    );
    assert_eq!(
        (
            count("standing=held", "ship").await,
            count("standing=rejected", "skip").await
        ),
        (0, 0)
    );
    dashboard
        .get("/moderation/votes?standing=both")
        .await
        .page(422);
    let csv = dashboard
        .get(&format!("/moderation/votes.csv?tool={TOOL}&choice=skip"))
        .await
        .expect(200);
    assert!(
        csv.header("content-type")
            .is_some_and(|kind| kind.starts_with("text/csv"))
    );
    let lines: Vec<&str> = csv.text.lines().collect();
    assert_eq!(
        lines[0],
        "tool,voter,network,choice,cast_at,token_age,counted,held"
    );
    assert_eq!(lines.len(), 6);
    assert!(
        lines[1..]
            .iter()
            .all(|line| line.starts_with("codestral-2,visitor:") && line.contains(",skip,"))
    );
    dashboard
        .get("/moderation/votes.csv?tool=nothing")
        .await
        .page(404);
    dashboard
        .get("/moderation/votes.csv?from=x")
        .await
        .page(422);
}
