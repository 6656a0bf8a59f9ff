//! Without a database: every operation that says it may answer `unavailable` does, within its time, and no other does.
use crate::SLACK;
use crate::harness::dashboard::sign_in;
use crate::harness::document::{For, Tokens, operations};
use crate::harness::eventually;
use crate::harness::postgres::Cluster;
use crate::harness::run;
use crate::harness::server::Home;
use futures_util::future::join_all;
use std::time::{Duration, Instant};

const ANSWER: Duration = Duration::from_secs(5);

#[test]
fn who_needs_the_database_says_so_on_postgres() {
    run(async {
        let cluster = Cluster::private();
        let setup = Home::on(cluster.fresh_database())
            .setup()
            .generous()
            .env("TALLYSHIP_MODERATION__PUBLIC_LOG", "on");
        let server = setup.start().await;
        let client = server.client();
        let staff = async |role: &str| {
            let made = setup
                .run_cli(&["token", "create", "--role", role, "--name", "a test"])
                .await
                .success("token create");
            made.stdout.trim().to_owned()
        };
        let moderator = staff("moderator").await;
        let tokens = Tokens {
            visitor: client.visitor().await,
            site: staff("site").await,
            session: sign_in(&client, &moderator).await,
            moderator,
            admin: staff("admin").await,
        };
        let operations = operations(&client).await;

        cluster.pause();
        let start = Instant::now();
        let calls = operations.iter().map(async |operation| {
            let answer = operation.call(&client, &tokens).send().await;
            let name = operation.named();
            // A new visitor needs the database only where a solution is to be checked: `api` hangs it then. The newest checkpoint of
            // the log is remembered. This server has no identity provider.
            let does_without = [
                "POST /v1/visitors",
                "GET /log/checkpoint",
                "GET /moderation/sign-in/provider",
                "GET /moderation/sign-in/callback",
            ]
            .contains(&&*name);
            let documented = operation.refuses("unavailable") && !does_without;
            // Who writes is refused at its tool or its body first, if that is at fault: those have to be right here.
            assert_eq!(
                answer.status == 503,
                documented,
                "{name}: {} {}",
                answer.status,
                answer.text
            );
            if documented {
                let kind = answer.kind();
                assert!(operation.answers.contains(&kind), "{name}: {kind:?}");
                assert!(answer.header("retry-after").is_some(), "{name}");
            }
            (operation, answer)
        });
        let answers = join_all(calls).await;
        let took = start.elapsed();
        let met = answers.iter().filter(|(_, answer)| answer.status == 503);
        let met = met.count();
        // Who only waited for another's turn is alone now, and hears what is really the matter.
        for (operation, answer) in answers {
            if answer.code() == "overloaded" {
                let again = operation.call(&client, &tokens).send().await;
                again.problem(503, "unavailable");
            }
        }
        println!("Postgres hangs: {met} operations said so within {took:?}");
        assert!(took < ANSWER * SLACK, "{took:?}");
        assert!(met > 5, "only {met}");

        cluster.resume();
        let voting = operations.iter().find(|operation| {
            operation.who == For::Voter && operation.method == reqwest::Method::PUT
        });
        let voting = voting.expect("an operation that votes");
        eventually("votes are taken again", ANSWER * SLACK, async || {
            voting.call(&client, &tokens).send().await.success()
        })
        .await;
        setup.verify().await;
    });
}
