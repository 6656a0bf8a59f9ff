//! Tests made from the API's document: every operation against every role, and each refusal that it names where there is a
//! common way to it. An operation that joins the document joins these tests.
mod limits;

use crate::harness::Backend;
use crate::harness::client::{Answer, Call};
use crate::harness::dashboard::{Session, sign_in, try_sign_in};
use crate::harness::document::{For, Operation, Tokens, operations};
use crate::harness::server::{Home, Server, Setup};
use reqwest::Method;

crate::both!(
    each_role_at_each_operation,
    each_operation_as_its_example_says,
    bodies_and_origins_that_are_refused,
    tokens_of_other_days,
    former_slugs_lead_on,
    what_is_not_there,
);

async fn tokens(server: &Server) -> Tokens {
    let staff = async |role: &str| {
        let made = server
            .run_cli(&["token", "create", "--role", role, "--name", "a test"])
            .await
            .success("token create");
        made.stdout.trim().to_owned()
    };
    let moderator = staff("moderator").await;
    Tokens {
        visitor: server.client().visitor().await,
        site: staff("site").await,
        session: sign_in(&server.client(), &moderator).await,
        moderator,
        admin: staff("admin").await,
    }
}

async fn start(setup: Setup) -> (Server, Tokens, Vec<Operation>) {
    let server = setup
        .env("TALLYSHIP_MODERATION__PUBLIC_LOG", "on")
        .start()
        .await;
    let tokens = tokens(&server).await;
    let operations = operations(&server.client()).await;
    (server, tokens, operations)
}

fn documented(operation: &Operation, answer: &Answer) {
    let kind = answer.kind();
    assert!(
        operation.answers.contains(&kind),
        "{}: {} {}\n{}",
        operation.named(),
        answer.status,
        answer.code(),
        answer.text
    );
}

/// Whether a call with these credentials is let in; what happens then is for others to say.
fn is_let_in(operation: &Operation, answer: &Answer, who: &str) {
    assert!(
        !matches!(answer.status, 401 | 403),
        "{} by {who}: {} {}",
        operation.named(),
        answer.status,
        answer.text
    );
    documented(operation, answer);
}

async fn each_role_at_each_operation(backend: Backend) {
    let (server, tokens, mut operations) = start(Home::new(backend).setup().generous()).await;
    let client = server.client();
    // A PUT makes the tool. Renamed, its addresses would be answered before anybody is asked who they are.
    operations.sort_by_key(|operation| operation.path.ends_with("/rename"));
    const ROLES: [&str; 3] = ["site", "moderator", "admin"];
    for operation in &operations {
        // A tool that is not there: nothing is changed by who is let in.
        let address = operation.address(&[("slug", "nothing-there")]);
        let call = || operation.filled(client.call(operation.method.clone(), &address));
        let name = operation.named();
        let nobody = call().send().await;
        let bad = call().bearer("nonsense").send().await;
        let unknown = call()
            .bearer(&format!("tss_{}", "A".repeat(43)))
            .send()
            .await;
        // Its own: there is a call that erases who calls.
        let visitor = call().bearer(&client.visitor().await).send().await;
        match &operation.who {
            // It asks for a token in its form, and the example's is none.
            For::Everybody
                if operation.path == "/moderation/sign-in" && operation.method == Method::POST =>
            {
                for answer in [nobody, bad, unknown, visitor] {
                    documented(operation, &answer.page(401));
                }
            }
            For::Everybody | For::Perhaps => {
                is_let_in(operation, &nobody, "nobody");
                is_let_in(operation, &visitor, "a visitor");
                for answer in [bad, unknown] {
                    if operation.reads_bearer {
                        answer.problem(401, "bad-token");
                    } else {
                        is_let_in(operation, &answer, "a bad token");
                    }
                }
            }
            For::Voter => {
                nobody.problem(401, "voter-required");
                bad.problem(401, "bad-token");
                unknown.problem(401, "bad-token");
                is_let_in(operation, &visitor, "a visitor");
                for role in ROLES {
                    let answer = call().bearer(tokens.staff(role)).send().await;
                    answer.problem(401, "bad-token");
                }
            }
            For::Moderator(least) => {
                assert_eq!(least, "moderator", "{name}: who has a session?");
                let moderator = call().bearer(&tokens.moderator).send().await;
                for answer in [nobody, bad, unknown, visitor, moderator] {
                    is_led_to_the_sign_in(&answer);
                }
                each_role_by_session(operation, &server, &tokens, call).await;
            }
            For::Staff(least) => {
                nobody.problem(401, "token-required");
                bad.problem(401, "bad-token");
                unknown.problem(401, "bad-token");
                visitor.problem(401, "bad-token");
                let least = ROLES.iter().position(|role| role == least);
                let least = least.unwrap_or_else(|| panic!("{name}: which role?"));
                for (rank, role) in ROLES.iter().enumerate() {
                    let answer = call().bearer(tokens.staff(role)).send().await;
                    if rank < least {
                        answer.problem(403, "forbidden");
                    } else {
                        is_let_in(operation, &answer, role);
                    }
                }
            }
        }
    }
    // The site's token begins no session, and one whose token has become the site's leads nowhere.
    try_sign_in(&client, &tokens.site).await.page(403);
    server
        .home()
        .execute("UPDATE tokens SET role = 1 WHERE role = 2");
    for operation in operations
        .iter()
        .filter(|operation| matches!(operation.who, For::Moderator(_)))
    {
        let answer = operation.call(&client, &tokens).send().await;
        is_led_to_the_sign_in(&answer);
    }
}

fn is_led_to_the_sign_in(answer: &Answer) {
    assert_eq!(answer.status, 303, "{}", answer.text);
    let to = answer.header("location").unwrap_or_default();
    assert!(to.starts_with("/moderation/sign-in"), "{to}");
    assert!(answer.header("set-cookie").is_none());
}

/// Whoever may moderate comes in by a session, and nobody else: neither with a made-up one, nor with a visitor's cookie.
async fn each_role_by_session(
    operation: &Operation,
    server: &Server,
    tokens: &Tokens,
    call: impl Fn() -> Call,
) {
    let client = server.client();
    let visitor = format!(
        "tallyship-visitor={}; tallyship-staff={}",
        tokens.visitor,
        "A".repeat(43)
    );
    is_led_to_the_sign_in(&call().header("cookie", &visitor).send().await);
    let by = async |session: &Session| {
        let call = client.call(
            operation.method.clone(),
            &operation.address(&[("slug", "nothing-there")]),
        );
        session
            .with(operation.filled_by(call, session))
            .send()
            .await
    };
    for token in [&tokens.moderator, &tokens.admin] {
        // Its own: there is a form that ends it.
        let session = sign_in(&client, token).await;
        let answer = by(&session).await;
        is_let_in(operation, &answer, "a session");
        let to = answer.header("location").unwrap_or_default();
        assert!(
            !to.starts_with("/moderation/sign-in") || operation.path.ends_with("/sign-out"),
            "{to}"
        );
    }
}

/// The document's own examples are answered as it says, and read again with what the answer's tag was; other methods are 405.
async fn each_operation_as_its_example_says(backend: Backend) {
    let (server, tokens, mut operations) = start(Home::new(backend).setup().generous()).await;
    let client = server.client();
    // What archives a tool comes last, or ends the session; then what renames it, and what frees its slug.
    operations.sort_by_key(|operation| match operation.named().as_str() {
        "POST /v1/tools/{slug}/rename" => 2,
        "DELETE /v1/redirects/{slug}" => 3,
        named => i32::from(named.starts_with("DELETE") || named.ends_with("/sign-out")),
    });
    for operation in &operations {
        let answer = operation.call(&client, &tokens).send().await;
        documented(operation, &answer);
        if operation.answers.contains(&(304, String::new())) {
            let tag = answer.header("etag").expect("an ETag").to_owned();
            let call = operation.call(&client, &tokens);
            let again = call.header("if-none-match", &tag).send().await.expect(304);
            assert_eq!(
                (again.header("etag"), again.text.as_str()),
                (Some(tag.as_str()), "")
            );
        }
        for header in ["x-request-id", "x-content-type-options"] {
            assert!(
                answer.header(header).is_some(),
                "{}: {header}",
                operation.named()
            );
        }
        let html = answer
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("text/html"));
        if html {
            let policy = answer.header("content-security-policy").expect("a policy");
            assert!(
                policy.contains("default-src 'none'") && !policy.contains("script-src 'unsafe"),
                "{policy}"
            );
            assert!(
                answer.header("referrer-policy").is_some(),
                "{}",
                operation.named()
            );
            assert!(
                !answer.text.contains("<script>"),
                "no script stands in a page"
            );
        }
    }
    for operation in &operations {
        let there = |method: &Method| {
            operations
                .iter()
                .any(|other| other.path == operation.path && other.method == *method)
        };
        let mut allowed = Vec::new();
        for method in [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ] {
            if there(&method) {
                allowed.push(method.to_string());
            } else {
                let call = client.call(method, &operation.address(&[]));
                call.send().await.problem(405, "method-not-allowed");
            }
        }
        if there(&Method::GET) {
            allowed.insert(1, "HEAD".to_owned());
        }
        let odd = client.call("BREW".parse().expect("a method"), &operation.address(&[]));
        let answer = odd.send().await.problem(405, "method-not-allowed");
        let mut said: Vec<&str> = answer.header("allow").expect("Allow").split(", ").collect();
        said.sort_unstable();
        allowed.sort_unstable();
        assert_eq!(said, allowed, "{}", operation.path);
    }
}

async fn bodies_and_origins_that_are_refused(backend: Backend) {
    let (server, tokens, operations) = start(Home::new(backend).setup().generous()).await;
    let client = server.client();
    for operation in operations {
        let call = || operation.allowed(operation.bare(&client), &tokens);
        let kind = operation
            .body
            .as_ref()
            .map_or("application/json", |(kind, _)| kind);
        let with = |body: &str| call().header("content-type", kind).body(body.to_owned());
        if operation.refuses("too-large") {
            let large = "x".repeat(5 * 1024 * 1024);
            operation.refused(with(&large).send().await, 413, "too-large");
        }
        if operation.refuses("unsupported-media-type") {
            let text = call().header("content-type", "text/plain").body("{}");
            operation.refused(text.send().await, 415, "unsupported-media-type");
        }
        if operation.refuses("bad-request") && operation.body.is_some() {
            // No JSON, and no form either: it is no text.
            let call = call().header("content-type", kind);
            let answer = call.body(b"{\xff".to_vec()).send().await;
            operation.refused(answer, 400, "bad-request");
        }
        // A form of the dashboard shows again what it is about, and that must be there.
        let about = matches!(operation.who, For::Moderator(_)) && operation.asks("id");
        if operation.refuses("invalid") && operation.body.is_some() && !about {
            let body = match operation.who {
                For::Moderator(_) => operation.form_without(&tokens.session, "reason"),
                _ => "{\"surprise\":1}".to_owned(),
            };
            operation.refused(with(&body).send().await, 422, "invalid");
        }
        if operation.refuses("invalid") && operation.asks("tools") {
            let address = operation.address(&[("tools", "")]);
            let call = operation.call_to(&client, &tokens, &address);
            call.send().await.problem(422, "invalid");
        }
        for (parameter, value, status, code) in [
            ("limit", "0", 422, "invalid"),
            ("cursor", "nonsense", 422, "invalid"),
            ("tool", "nothing-there", 404, "unknown-tool"),
        ] {
            if operation.refuses(code) && operation.asks(parameter) {
                let mut address = operation.address(&[(parameter, value)]);
                if address == operation.address(&[]) {
                    let joint = if address.contains('?') { '&' } else { '?' };
                    address = format!("{address}{joint}{parameter}={value}");
                }
                let call = operation.call_to(&client, &tokens, &address);
                operation.refused(call.send().await, status, code);
            }
        }
        if operation.refuses("origin-refused") {
            let call = operation.call(&client, &tokens);
            let foreign = call.header("origin", "https://evil.example");
            operation.refused(foreign.send().await, 403, "origin-refused");
        }
    }
}

async fn tokens_of_other_days(backend: Backend) {
    let secret = "a secret that both the server and the test know";
    let setup = Home::new(backend).setup().generous();
    let setup = setup.env("TALLYSHIP_IDENTITY__SECRET", secret);
    let (server, tokens, operations) = start(setup).await;
    let old = Tokens {
        visitor: crate::identity::issued(secret, 3000),
        ..tokens
    };
    server
        .home()
        .execute("UPDATE tokens SET expires_at = created_at");
    let mut met = 0;
    for operation in operations
        .iter()
        .filter(|operation| operation.refuses("expired-token") && operation.reads_bearer)
    {
        let call = operation.call(&server.client(), &old);
        call.send().await.problem(401, "expired-token");
        met += 1;
    }
    assert!(met > 3, "only {met}");
}

async fn former_slugs_lead_on(backend: Backend) {
    let (server, tokens, operations) = start(Home::new(backend).setup().generous()).await;
    let client = server.client();
    client
        .post("/v1/tools/codestral-2/rename")
        .bearer(&tokens.site)
        .json(&serde_json::json!({"slug": "codestral-3"}))
        .send()
        .await
        .expect(200);
    for operation in operations {
        if !operation.answers.contains(&(308, String::new())) {
            continue;
        }
        let address = |slug: &str| {
            let pair = format!("{slug}-vs-cursor-background-agents");
            operation.address(&[("slug", slug), ("pair", &pair)])
        };
        let call = operation.call_to(&client, &tokens, &address("codestral-2"));
        let answer = call.send().await.expect(308);
        assert_eq!(
            answer.header("location"),
            Some(address("codestral-3").as_str())
        );
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert!(answer.header("x-request-id").is_some());
    }
}

async fn what_is_not_there(backend: Backend) {
    let (server, tokens, operations) = start(Home::new(backend).setup().generous()).await;
    let client = server.client();
    for operation in operations {
        for (code, status) in [("unknown-tool", 404), ("not-found", 404)] {
            if !operation.refuses(code) {
                continue;
            }
            let nothing = ["slug", "tools", "pair", "name", "id", "tool"].map(|name| {
                (
                    name,
                    if name == "tools" {
                        "nothing-there,nor-there"
                    } else {
                        "nothing-there"
                    },
                )
            });
            let address = operation.address(&nothing);
            // One file has no name to mistype.
            if address == operation.address(&[]) {
                continue;
            }
            let call = operation.call_to(&client, &tokens, &address);
            operation.refused(call.send().await, status, code);
        }
    }
}
