//! Tokens that no site signed, or that no site should: each is refused, and nothing is changed by any of them.
use crate::harness::Backend;
use crate::harness::server::Home;
use crate::harness::site::{AUDIENCE, ISSUER, KID, Site, by_secret, claims, now, unsigned};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

crate::both!(hostile_tokens_are_refused);

const TOOL: &str = "codestral-2";

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().expect("an object").remove(name);
    object
}

/// Each with what it tries. `site` is what the server believes, `other` is a stranger with a key of the same kind.
fn hostile(site: &Site, other: &Site) -> Vec<(&'static str, String)> {
    let header = json!({"alg": site.algorithm, "typ": "JWT", "kid": KID});
    let good = claims("mallory");
    let exp = now() + 600;
    let mut all = vec![
        ("another's key", other.token(&header, &good)),
        (
            "its own key inside",
            other.token(&with(header.clone(), "jwk", other.jwk(KID)), &good),
        ),
        (
            "the address of its own keys",
            other.token(
                &with(header.clone(), "jku", json!("https://evil.example/jwks")),
                &good,
            ),
        ),
        (
            "an unknown kid",
            site.token(&with(header.clone(), "kid", json!("other")), &good),
        ),
        (
            "a kid that is a path",
            site.token(
                &with(header.clone(), "kid", json!("../../dev/null")),
                &good,
            ),
        ),
        (
            "a kid that is no text",
            site.token(&with(header.clone(), "kid", json!([KID])), &good),
        ),
        ("no kid", site.token(&without(header.clone(), "kid"), &good)),
        ("no alg", site.token(&without(header.clone(), "alg"), &good)),
        (
            "something critical",
            site.token(&with(header.clone(), "crit", json!(["exp"])), &good),
        ),
        (
            "alg twice",
            site.signed(
                &format!(r#"{{"alg":"none","kid":"{KID}","alg":"{}"}}"#, site.algorithm),
                &good.to_string(),
            ),
        ),
        (
            "kid twice",
            site.signed(
                &format!(
                    r#"{{"alg":"{}","kid":"x","kid":"{KID}"}}"#,
                    site.algorithm
                ),
                &good.to_string(),
            ),
        ),
        ("a header that is a list", site.signed("[]", &good.to_string())),
        (
            "sub twice",
            site.signed(
                &header.to_string(),
                &format!(
                    r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","exp":{exp},"sub":"victim","sub":"mallory"}}"#
                ),
            ),
        ),
        (
            "exp twice",
            site.signed(
                &header.to_string(),
                &format!(
                    r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","sub":"mallory","exp":1,"exp":{exp}}}"#
                ),
            ),
        ),
        (
            "a name twice, once escaped",
            site.signed(
                &header.to_string(),
                &format!(
                    r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","exp":{exp},"sub":"victim","s\u0075b":"mallory"}}"#
                ),
            ),
        ),
        ("claims that are a list", site.signed(&header.to_string(), "[]")),
        ("claims that are no JSON", site.signed(&header.to_string(), "sub=1")),
        ("claims in two parts", format!("{}.x", site.user("mallory"))),
        (
            "padding",
            site.user("mallory") + "=",
        ),
        (
            "white space inside",
            site.user("mallory").replacen('.', ". ", 1),
        ),
        (
            "no signature",
            unsigned(&header, &good, ""),
        ),
        (
            "a signature of zeros",
            unsigned(&header, &good, &URL_SAFE_NO_PAD.encode([0; 64])),
        ),
        (
            "another's signature",
            {
                let (claimed, _) = site.user("victim").rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).expect("a token");
                let mine = site.user("mallory");
                format!("{claimed}.{}", mine.rsplit_once('.').expect("a token").1)
            },
        ),
        (
            "64 KiB",
            site.token(&header, &with(good.clone(), "x", json!("x".repeat(48 * 1024)))),
        ),
        (
            "deep",
            site.signed(
                &header.to_string(),
                &format!(r#"{{"x":{}{}}}"#, "[".repeat(3000), "]".repeat(3000)),
            ),
        ),
    ];
    for alg in ["none", "None", "NONE", ""] {
        all.push((
            "none",
            unsigned(&with(header.clone(), "alg", json!(alg)), &good, ""),
        ));
    }
    // Signed with HMAC under what everybody knows: the public key, as text, as bytes, as it stands in a JWK.
    let pem = site.public.as_bytes().to_vec();
    let body: String = site
        .public
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    let der = STANDARD.decode(&body).unwrap_or_default();
    let raw = site.jwk(KID)["x"].as_str().unwrap_or_default().to_owned();
    let raw = URL_SAFE_NO_PAD.decode(raw).unwrap_or_default();
    // (A secret's own bytes are the one key that is known to nobody.)
    let known = match site.algorithm {
        "HS256" => vec![pem, b"secret".to_vec()],
        _ => vec![pem, der, raw, b"secret".to_vec()],
    };
    for secret in known {
        let confused = with(header.clone(), "alg", json!("HS256"));
        all.push(("key confusion", by_secret(&secret, &confused, &good)));
        all.push((
            "key confusion in disguise",
            by_secret(&secret, &header, &good),
        ));
    }
    for alg in ["RS256", "PS256", "HS512", "ES384", "hs256", "eddsa"] {
        all.push((
            "another algorithm",
            site.token(&with(header.clone(), "alg", json!(alg)), &good),
        ));
    }
    for (name, value) in [
        ("exp", json!(exp.to_string())),
        ("exp", json!(-1)),
        ("exp", json!(1e300)),
        ("exp", json!(null)),
        ("exp", json!({"$gt": 0})),
        ("nbf", json!(now() + 3600)),
        ("nbf", json!("0")),
        ("iss", json!("https://evil.example")),
        ("iss", json!([ISSUER])),
        ("aud", json!("another place")),
        ("aud", json!([])),
        ("sub", json!("")),
        ("sub", json!(7)),
        ("sub", json!("a\nb")),
        ("sub", json!("x".repeat(600))),
    ] {
        all.push((name, site.token(&header, &with(good.clone(), name, value))));
    }
    for name in ["iss", "aud", "sub", "exp"] {
        all.push((
            "left out",
            site.token(&header, &without(good.clone(), name)),
        ));
    }
    all
}

async fn hostile_tokens_are_refused(backend: Backend) {
    for algorithm in ["EdDSA", "ES256", "HS256"] {
        let (site, other) = (Site::new(algorithm), Site::new(algorithm));
        let server = site
            .setup(Home::new(backend).setup().generous())
            .start()
            .await;
        let client = server.client();
        let all = hostile(&site, &other);
        assert!(all.len() >= 40, "{}", all.len());
        for (what, token) in &all {
            let refused = client.put_vote(token, TOOL, "ship").await;
            assert_eq!(
                (refused.status, refused.code()),
                (401, "bad-token"),
                "{algorithm}: {what}: {token:.300}\n{}",
                refused.text
            );
        }
        let over = with(claims("mallory"), "exp", json!(now() - 31));
        let over = site.token(&json!({"alg": algorithm, "kid": KID}), &over);
        client
            .put_vote(&over, TOOL, "ship")
            .await
            .problem(401, "expired-token");
        assert_eq!(client.counts(TOOL).await, (0, 0));
        // Not by refusing everybody.
        client
            .put_vote(&site.user("honest"), TOOL, "ship")
            .await
            .expect(201);
        println!("{algorithm}: {} refused", all.len() + 1);
    }
}
