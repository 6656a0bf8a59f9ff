//! Listeners that are no TCP port of the server's own: Unix sockets, and sockets that systemd passes.
use crate::harness::process::Process;
use crate::harness::server::{Home, Setup};
use crate::harness::{Backend, eventually, run};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixListener as StdListener;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

const GUARD: Duration = Duration::from_secs(30);
const VOTE: &str = "/v1/tools/codestral-2/vote";

fn on_sockets() -> Setup {
    let setup = Home::new(Backend::Sqlite).setup().generous();
    setup
        .env("TALLYSHIP_HTTP__LISTEN", "unix:public.sock")
        .env("TALLYSHIP_HTTP__ADMIN_LISTEN", "unix:admin.sock")
}

async fn started(setup: &Setup) -> Process {
    let process = setup.spawn_cli(&["serve"]);
    eventually("it listens", GUARD, async || {
        assert!(process.exited().is_none(), "{}", process.tail());
        process.stdout().contains("listening on unix:public.sock\n")
    })
    .await;
    process
}

/// Sends one request and reads to the end of the connection.
async fn ask(socket: &Path, head: &str, body: &str) -> String {
    let mut socket = UnixStream::connect(socket).await.expect("connects");
    let length = body.len();
    let request = format!(
        "{head}host: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    socket.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    let read = socket.read_to_string(&mut answer);
    let read = tokio::time::timeout(GUARD, read).await;
    read.expect("in time").expect("read");
    answer
}

async fn status_of_vote(socket: &Path, token: &str, more: &str) -> String {
    let head = format!("PUT {VOTE} HTTP/1.1\r\nauthorization: Bearer {token}\r\n{more}");
    let answer = ask(socket, &head, r#"{"choice":"ship"}"#).await;
    answer.split(' ').nth(1).expect("a status").to_owned()
}

#[test]
fn a_unix_socket_is_served_and_removed() {
    run(async {
        let setup = on_sockets().env("TALLYSHIP_HTTP__SOCKET_MODE", "606");
        let process = started(&setup).await;
        assert!(process.stdout().contains("admin on unix:admin.sock\n"));
        let public = setup.home.path().join("public.sock");
        let admin = setup.home.path().join("admin.sock");
        for socket in [&public, &admin] {
            let mode = socket.metadata().expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o606);
        }
        let token = setup.mint(1).await.remove(0);
        assert_eq!(status_of_vote(&public, &token, "").await, "201");
        let ready = ask(&admin, "GET /readyz HTTP/1.1\r\n", "").await;
        assert!(ready.contains(r#""status":"ready""#), "{ready}");
        let health = setup.run_cli(&["health"]).await.success("health");
        assert!(health.stdout.contains("ready"), "{}", health.stdout);

        // A stream leaves HTTP and goes on as a bare socket.
        let mut stream = UnixStream::connect(&public).await.expect("connects");
        let request = "GET /v1/stream?tools=codestral-2 HTTP/1.1\r\nhost: localhost\r\n\r\n";
        stream.write_all(request.as_bytes()).await.expect("sent");
        let (mut seen, mut piece) = (String::new(), [0; 4096]);
        while !seen.contains("event: tally") {
            let read = tokio::time::timeout(GUARD, stream.read(&mut piece)).await;
            let read = read.expect("in time").expect("read");
            assert!(read > 0, "the stream ended: {seen}");
            seen.push_str(&String::from_utf8_lossy(&piece[..read]));
        }

        process.signal("TERM");
        assert_eq!(process.wait(GUARD).await.code(), 0);
        assert!(!public.exists() && !admin.exists(), "removed at the end");
        let health = setup.run_cli(&["health"]).await;
        assert_eq!(health.code(), 1);
        assert!(
            health.stderr.contains("unix:admin.sock"),
            "{}",
            health.stderr
        );
    });
}

#[test]
fn only_a_socket_without_a_listener_is_replaced() {
    run(async {
        let setup = on_sockets();
        let public = setup.home.path().join("public.sock");
        let killed = started(&setup).await;
        killed.kill9();
        killed.wait(GUARD).await;
        assert!(public.exists(), "a server that is killed removes nothing");
        let process = started(&setup).await;

        let path = format!("unix:{}", public.display());
        let other = Home::new(Backend::Sqlite)
            .setup()
            .env("TALLYSHIP_HTTP__LISTEN", path);
        let refused = other.start_refused(GUARD).await;
        assert_eq!(refused.code(), 2, "{}", refused.stderr);
        let line = refused.stderr.lines().last().unwrap_or_default();
        assert!(
            line.contains("http.listen") && line.contains("public.sock"),
            "{line}"
        );
        let answer = ask(&public, "GET /v1/tools HTTP/1.1\r\n", "").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

        // Whatever has taken its place meanwhile stays.
        std::fs::remove_file(&public).expect("removed");
        std::fs::write(&public, "votes").expect("a file");
        process.signal("TERM");
        assert_eq!(process.wait(GUARD).await.code(), 0);
        let refused = setup.start_refused(GUARD).await;
        assert_eq!(refused.code(), 2, "{}", refused.stderr);
        assert_eq!(std::fs::read(&public).expect("the file"), b"votes");
    });
}

/// Whoever may open the file need not be a proxy, also if the machine's own address is one.
#[test]
fn a_unix_sockets_peer_speaks_for_others_only_if_configured() {
    run(async {
        for (trusted, expected) in [
            ("127.0.0.0/8,::1", ["201", "200", "429"]),
            ("unix", ["201", "200", "200"]),
        ] {
            let setup = on_sockets()
                .env("TALLYSHIP_HTTP__TRUSTED_PROXIES", trusted)
                .env("TALLYSHIP_LIMITS__VOTES_PER_NETWORK", "2/1h");
            let process = started(&setup).await;
            let public = setup.home.path().join("public.sock");
            let token = setup.mint(1).await.remove(0);
            for (n, status) in expected.into_iter().enumerate() {
                let more = format!("x-forwarded-for: 203.0.113.{n}\r\n");
                let found = status_of_vote(&public, &token, &more).await;
                assert_eq!(found, status, "{trusted}: vote {n}");
            }
            process.kill9();
        }
    });
}

/// Opens what `sockets` names (`tcp`, or a path) and passes it as systemd does, from descriptor 3 on.
const LAUNCHER: &str = r#"
import fcntl, os, socket, sys
count, addresses = 0, []
sockets, program = sys.argv[1].split(), sys.argv[2:]
for name in sockets:
    if name == "null":
        high = fcntl.fcntl(os.open("/dev/null", os.O_RDWR), fcntl.F_DUPFD, 20)
    else:
        made = socket.socket() if name == "tcp" else socket.socket(socket.AF_UNIX)
        made.bind(("127.0.0.1", 0) if name == "tcp" else name)
        made.listen()
        if name == "tcp":
            addresses.append("http://127.0.0.1:%d" % made.getsockname()[1])
        high = fcntl.fcntl(made, fcntl.F_DUPFD, 20)
        made.close()
    os.dup2(high, 3 + count)
    os.close(high)
    count += 1
open("passed", "w").write("\n".join(addresses))
os.environ.update(LISTEN_FDS=str(count), LISTEN_PID=str(os.getpid()))
os.execvp(program[0], program)
"#;

fn passing(setup: Setup, sockets: &str) -> Setup {
    setup.wrapper(&["python3", "-c", LAUNCHER, sockets])
}

#[test]
fn sockets_that_are_passed_go_before_the_settings() {
    run(async {
        let home = Home::new(Backend::Sqlite);
        let server = passing(home.setup().generous(), "tcp tcp").start().await;
        let passed = std::fs::read_to_string(home.path().join("passed")).expect("passed");
        assert_eq!(passed, format!("{}\n{}", server.url, server.admin));
        let client = server.client();
        let voter = client.visitor().await;
        let vote = client.put_vote(&voter, "codestral-2", "ship").await;
        vote.expect(201);
        server.admin().get("/readyz").send().await.expect(200);
        assert_eq!(server.sigterm(GUARD).await, 0);

        // One socket is the public one; the admin listener is as the settings say.
        let server = passing(home.setup(), "tcp").start().await;
        let passed = std::fs::read_to_string(home.path().join("passed")).expect("passed");
        assert_eq!(passed, server.url);
        assert_ne!(server.admin, server.url);
        assert_eq!(server.sigterm(GUARD).await, 0);
    });
}

#[test]
fn a_socket_that_was_passed_is_not_removed() {
    run(async {
        let home = Home::new(Backend::Sqlite);
        let setup = passing(home.setup(), "public.sock");
        let process = setup.launch();
        eventually("it listens", GUARD, async || {
            assert!(process.exited().is_none(), "{}", process.tail());
            process.stdout().contains("listening on unix:public.sock\n")
        })
        .await;
        let public = home.path().join("public.sock");
        let answer = ask(&public, "GET /v1/tools HTTP/1.1\r\n", "").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        process.signal("TERM");
        assert_eq!(process.wait(GUARD).await.code(), 0);
        let kind = public.symlink_metadata().expect("there").file_type();
        assert!(kind.is_socket(), "systemd's own");
    });
}

#[test]
fn what_cannot_be_listened_on_is_refused() {
    run(async {
        for sockets in ["null", "tcp tcp tcp"] {
            let setup = passing(Home::new(Backend::Sqlite).setup(), sockets);
            let refused = setup.start_refused(GUARD).await;
            assert_eq!(refused.code(), 2, "{sockets}: {}", refused.stderr);
            let line = refused.stderr.lines().last().unwrap_or_default();
            assert!(line.contains("LISTEN_FDS"), "{sockets}: {line}");
        }
        // A name that is longer than the kernel takes, a folder that is not there, a link to a socket of others.
        let home = Home::new(Backend::Sqlite);
        let others = home.path().join("others.sock");
        let _others = StdListener::bind(&others).expect("bound");
        std::os::unix::fs::symlink(&others, home.path().join("link.sock")).expect("a link");
        let long = format!("unix:{}.sock", "n".repeat(120));
        for listen in [&long, "unix:missing/x.sock", "unix:link.sock"] {
            let setup = home.setup().env("TALLYSHIP_HTTP__LISTEN", listen);
            let refused = setup.start_refused(GUARD).await;
            assert_eq!(refused.code(), 2, "{listen}: {}", refused.stderr);
            let line = refused.stderr.lines().last().unwrap_or_default();
            assert!(line.contains("http.listen"), "{listen}: {line}");
        }
        assert!(others.exists());
    });
}
