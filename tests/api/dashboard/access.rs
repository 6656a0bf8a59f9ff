//! Signing in: by whom, with what cookie, how often, and where it leads.
use crate::harness::Backend;
use crate::harness::client::Client;
use crate::harness::dashboard::{cookie, posted, sign_in, try_sign_in, value};
use crate::harness::server::Home;
use crate::moderation::{Moderator, staff};

crate::both!(
    moderators_and_admins_come_in_and_others_are_told_why,
    the_cookie_is_for_this_site_and_no_script,
    who_guesses_is_slowed_and_the_moderator_signs_in,
    a_sign_in_leads_into_the_dashboard_and_nowhere_else
);

async fn moderators_and_admins_come_in_and_others_are_told_why(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    for role in ["moderator", "admin"] {
        let token = staff(&moderator.server, role).await;
        let answer = try_sign_in(&moderator.client, &token).await.expect(303);
        assert_eq!(answer.header("location"), Some("/moderation"));
        let first = moderator
            .client
            .get("/moderation")
            .header("cookie", &cookie(&answer));
        let page = first.send().await.expect(200).text;
        assert!(page.contains(&format!("the {role}")), "{page}");
    }
    let site = staff(&moderator.server, "site").await;
    let home = moderator.server.home();
    let expired = staff(&moderator.server, "moderator").await;
    home.execute("UPDATE tokens SET expires_at = created_at");
    let unknown = format!("tss_{}", "A".repeat(43));
    let tokens = [
        (unknown.as_str(), 401, "unknown or revoked"),
        ("nonsense", 401, "unknown or revoked"),
        ("", 401, "unknown or revoked"),
        (expired.as_str(), 401, "expired"),
    ];
    for (token, status, words) in tokens {
        let answer = try_sign_in(&moderator.client, token).await.page(status);
        assert!(answer.text.contains(words), "{token}: {}", answer.text);
        assert!(answer.header("set-cookie").is_none(), "{token}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        assert!(
            token.len() < 3 || !answer.text.contains(token),
            "it is not said again"
        );
    }
    home.execute("UPDATE tokens SET expires_at = NULL");
    let answer = try_sign_in(&moderator.client, &site).await.page(403);
    assert!(answer.text.contains("may not moderate"), "{}", answer.text);
    let visitor = moderator.client.visitor().await;
    try_sign_in(&moderator.client, &visitor).await.page(401);
    home.execute("UPDATE tokens SET revoked_at = created_at");
    let fresh = Client::from_address(&moderator.server.url, [127, 0, 0, 9].into());
    let answer = try_sign_in(&fresh, &moderator.token).await.page(401);
    assert!(answer.text.contains("revoked"), "{}", answer.text);
}

async fn the_cookie_is_for_this_site_and_no_script(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let answer = try_sign_in(&moderator.client, &moderator.token)
        .await
        .expect(303);
    let line = answer.header("set-cookie").expect("a cookie").to_owned();
    let attributes: Vec<&str> = line.split("; ").skip(1).collect();
    assert_eq!(
        attributes,
        ["Path=/", "Max-Age=43200", "HttpOnly", "SameSite=Strict"]
    );
    assert!(line.starts_with("tallyship-staff="), "{line}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    // The browser keeps an id, and the database what cannot be turned back into it.
    let id = cookie(&answer)
        .split_once('=')
        .expect("a pair")
        .1
        .to_owned();
    assert_eq!(id.len(), 43);
    assert!(!moderator.token.contains(&id));

    let home = Home::new(backend);
    let setup = home.setup().generous();
    let https = setup.env("TALLYSHIP_HTTP__PUBLIC_URL", "https://votes.example");
    let moderator = Moderator::at(https.start().await).await;
    let answer = try_sign_in(&moderator.client, &moderator.token)
        .await
        .expect(303);
    let line = answer.header("set-cookie").expect("a cookie");
    assert!(line.starts_with("__Host-tallyship-staff="), "{line}");
    assert!(
        line.ends_with("; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure"),
        "{line}"
    );
    let pair = cookie(&answer);
    let with = |pair: &str| moderator.client.get("/moderation").header("cookie", pair);
    with(&pair).send().await.expect(200);
    // A name that any neighbour could set is not looked at.
    with(&pair.replace("__Host-", "")).send().await.expect(303);
}

async fn who_guesses_is_slowed_and_the_moderator_signs_in(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let guesser = Client::from_address(&moderator.server.url, [127, 0, 0, 2].into());
    let mut tries = 0;
    let slowed = loop {
        let guess = format!("tss_{tries:A>43}");
        let answer = try_sign_in(&guesser, &guess).await;
        if answer.status == 429 {
            break answer.page(429);
        }
        answer.page(401);
        tries += 1;
        assert!(tries < 40, "nobody slows it");
    };
    assert!(tries >= 5, "a person may mistype: {tries}");
    let wait: u64 = slowed
        .header("retry-after")
        .expect("a wait")
        .parse()
        .expect("seconds");
    assert!((1..=120).contains(&wait), "{wait}");
    // A valid token cannot be guessed: whoever has one is not kept out by the guesses of others.
    sign_in(&guesser, &moderator.token).await;
    // Signing in often is nobody's fault.
    for _ in 0..15 {
        sign_in(&moderator.client, &moderator.token).await;
    }
    let another = Client::from_address(&moderator.server.url, [127, 0, 0, 3].into());
    try_sign_in(&another, "tss_first").await.page(401);
    sign_in(&another, &moderator.token).await;
}

async fn a_sign_in_leads_into_the_dashboard_and_nowhere_else(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let wanted = "/moderation/votes?tool=codestral-2&network=00000000000000000000000000000000";
    let led = moderator.client.get(wanted).send().await.expect(303);
    let to = led.header("location").expect("an address").to_owned();
    let form = moderator.client.get(&to).send().await.expect(200).text;
    let back = value(&form, "back").expect("where to");
    let fields = [
        ("token", moderator.token.as_str()),
        ("back", &back.replace("&#38;", "&").replace("&amp;", "&")),
    ];
    let call = moderator.client.post("/moderation/sign-in");
    let answer = posted(call, &fields).send().await.expect(303);
    assert_eq!(answer.header("location"), Some(wanted));
    for foreign in [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/moderation\\..\\..\\evil",
        "javascript:alert(1)",
        "/moderation/x\r\nset-cookie: a=b",
        "/moderationx",
        "/",
        "moderation",
        "\u{1}/moderation",
    ] {
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("back", foreign)
            .finish();
        let page = moderator
            .client
            .get(&format!("/moderation/sign-in?{query}"));
        let page = page.send().await.expect(200).text;
        assert_eq!(
            value(&page, "back").as_deref(),
            Some("/moderation"),
            "{foreign:?}"
        );
        let call = moderator.client.post("/moderation/sign-in");
        let fields = [("token", moderator.token.as_str()), ("back", foreign)];
        let answer = posted(call, &fields).send().await.expect(303);
        assert_eq!(
            answer.header("location"),
            Some("/moderation"),
            "{foreign:?}"
        );
    }
}
