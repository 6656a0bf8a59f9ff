//! The admin listener: whether votes can be written, and the methods that probes use.
use crate::harness::server::{Home, Server};
use crate::harness::{Backend, eventually, run};
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const WITHIN: Duration = Duration::from_secs(5);

async fn readiness(server: &Server) -> (u16, Value) {
    let answer = server.admin().get("/readyz").send().await;
    (answer.status, answer.json)
}

#[test]
fn a_database_that_takes_no_votes_is_unready() {
    run(async {
        let home = Home::new(Backend::Postgres);
        let server = home.setup().generous().start().await;
        let role = home.text("SELECT current_user::text AS n").expect("a role");
        for (break_it, mend_it) in [
            (
                "ALTER TABLE votes RENAME TO votes_gone",
                "ALTER TABLE votes_gone RENAME TO votes",
            ),
            (
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''full''; END'; \
                 CREATE TRIGGER refuse BEFORE UPDATE OR INSERT ON site_facts EXECUTE FUNCTION refuse()",
                "DROP TRIGGER refuse ON site_facts; DROP FUNCTION refuse()",
            ),
        ] {
            home.execute(break_it);
            let took = eventually("unready", WITHIN, async || {
                let (status, body) = readiness(&server).await;
                status == 503 && body["status"] == "unready" && body["parts"]["writes"] == "unready"
            });
            println!("{role}: unready after {:?}", took.await);
            assert_eq!(server.health().await, 1);
            home.execute(mend_it);
            let took = eventually("ready", WITHIN, async || readiness(&server).await.0 == 200);
            println!("ready after {:?}", took.await);
            assert_eq!(server.health().await, 0);
        }
        let voter = server.client().visitor().await;
        server
            .client()
            .put_vote(&voter, "codestral-2", "ship")
            .await
            .expect(201);
    });
}

/// What a probe of the database does not find: votes themselves fail.
#[test]
fn votes_that_fail_are_unready() {
    run(async {
        for (backend, break_it, mend_it) in [
            (
                Backend::Sqlite,
                "CREATE TRIGGER refuse BEFORE INSERT ON log_journal BEGIN SELECT RAISE(ABORT, 'full'); END",
                "DROP TRIGGER refuse",
            ),
            (
                Backend::Postgres,
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''full''; END'; \
                 CREATE TRIGGER refuse BEFORE INSERT ON log_journal FOR EACH ROW EXECUTE FUNCTION refuse()",
                "DROP TRIGGER refuse ON log_journal",
            ),
        ] {
            let home = Home::new(backend);
            let server = home.setup().generous().start().await;
            let client = server.client();
            let vote = async || {
                let voter = client.visitor().await;
                client.put_vote(&voter, "codestral-2", "ship").await
            };
            vote().await.expect(201);
            home.execute(break_it);
            eventually("unready", WITHIN, async || {
                vote().await.expect(503);
                readiness(&server).await.1["parts"]["writes"] == "unready"
            })
            .await;
            home.execute(mend_it);
            eventually("ready", WITHIN, async || readiness(&server).await.0 == 200).await;
            vote().await.expect(201);
        }
    });
}

async fn raw(server: &Server, request: &str) -> String {
    let address = server.admin.trim_start_matches("http://");
    let mut socket = TcpStream::connect(address).await.expect("connects");
    socket.write_all(request.as_bytes()).await.expect("sends");
    let mut answer = String::new();
    let read = socket.read_to_string(&mut answer);
    tokio::time::timeout(Duration::from_secs(20), read)
        .await
        .expect("ends")
        .expect("reads");
    answer.to_lowercase()
}

#[test]
fn probes_are_answered_however_they_ask() {
    run(async {
        let server = Server::new(Backend::Sqlite).await;
        for path in ["/healthz", "/readyz", "/metrics"] {
            for (method, version, host) in [
                ("GET", "1.0", ""),
                ("GET", "1.1", "host: x\r\nconnection: close\r\n"),
                ("HEAD", "1.1", "host: x\r\nconnection: close\r\n"),
                ("HEAD", "1.0", ""),
            ] {
                let answer = raw(
                    &server,
                    &format!("{method} {path} HTTP/{version}\r\n{host}\r\n"),
                )
                .await;
                let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
                assert!(head.contains(" 200 "), "{method} {path}: {answer}");
                assert_eq!(
                    body.is_empty(),
                    method == "HEAD",
                    "{method} {path}: {answer}"
                );
            }
            for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
                let request = format!(
                    "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
                );
                let answer = raw(&server, &request).await;
                assert!(answer.contains(" 405 "), "{method} {path}: {answer}");
                assert!(
                    answer.contains("\r\nallow: get, head\r\n"),
                    "{method} {path}: {answer}"
                );
            }
        }
    });
}
