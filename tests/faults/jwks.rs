//! The site's keys from an https address: read at the start, found anew by their `kid`, kept while the address is down, and
//! never fetched more often because a stranger wants it; a server that is not to be trusted is not believed.
use crate::book::TOOLS;
use crate::certificates::{Authority, Identity};
use crate::harness::client::Client;
use crate::harness::server::{Home, Server, Setup};
use crate::harness::site::Site;
use crate::harness::{Backend, eventually, run};
use openssl::pkey::PKey;
use openssl::ssl::{SslAcceptor, SslMethod, SslStream};
use openssl::x509::X509;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const TOOL: &str = TOOLS[0];
const SOON: Duration = Duration::from_secs(20);

/// A real TLS server of one answer; it lives as long as the test's process.
struct Keys {
    port: u16,
    answer: Arc<Mutex<Vec<u8>>>,
    asked: Arc<AtomicUsize>,
}

fn http(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
        .into()
}

impl Keys {
    fn serve(identity: &Identity, answer: Vec<u8>) -> Keys {
        let mut acceptor =
            SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).expect("TLS");
        let key = PKey::private_key_from_pem(&identity.key).expect("a key");
        let certificate = X509::from_pem(&identity.certificate).expect("a certificate");
        acceptor.set_private_key(&key).expect("a key");
        acceptor
            .set_certificate(&certificate)
            .expect("a certificate");
        let acceptor = acceptor.build();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (answer, asked) = (Arc::new(Mutex::new(answer)), Arc::default());
        let keys = Keys {
            port,
            answer: Arc::clone(&answer),
            asked: Arc::clone(&asked),
        };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let timeout = stream.set_read_timeout(Some(Duration::from_secs(5)));
                timeout.expect("a deadline");
                // Who does not trust us ends the handshake.
                if let Ok(stream) = acceptor.accept(stream) {
                    asked.fetch_add(1, Ordering::SeqCst);
                    tell(stream, &answer.lock().expect("the answer").clone());
                }
            }
        });
        keys
    }

    fn set(&self, answer: Vec<u8>) {
        *self.answer.lock().expect("the answer") = answer;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn tell(mut stream: SslStream<TcpStream>, answer: &[u8]) {
    let (mut head, mut piece) = (Vec::new(), [0; 1024]);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut piece) {
            Ok(length @ 1..) => head.extend_from_slice(&piece[..length]),
            _ => return,
        }
    }
    let _ = stream.write_all(answer);
    let _ = stream.shutdown();
}

fn set(keys: &[Value]) -> Vec<u8> {
    http("200 OK", &json!({ "keys": keys }).to_string())
}

/// A server that reads its keys there and trusts `authority`.
async fn start(site: &Site, keys: &Keys, authority: &Authority) -> Server {
    setup(site, keys, authority).start().await
}

fn setup(site: &Site, keys: &Keys, authority: &Authority) -> Setup {
    let home = Home::new(Backend::Sqlite);
    home.write("ca.pem", authority.pem());
    let jwks = format!("https://localhost:{}/jwks.json", keys.port);
    site.without_keys(home.setup().generous())
        .env("TALLYSHIP_IDENTITY__JWT_JWKS", jwks)
        .env("TALLYSHIP_IDENTITY__JWT_CA_FILE", "ca.pem")
}

async fn vote(client: &Client, token: &str) -> u16 {
    client.put_vote(token, TOOL, "ship").await.status
}

#[test]
fn keys_are_found_by_their_kid_and_kept_when_their_server_fails() {
    run(async {
        let authority = Authority::new("authority of the tests");
        let (old, new) = (Site::new("ES256"), Site::new("ES256"));
        let keys = Keys::serve(&authority.good(), set(&[old.jwk("1")]));
        let server = start(&old, &keys, &authority).await;
        let client = server.client();
        assert_eq!(vote(&client, &old.user_by("1", "7")).await, 201);
        assert_eq!(keys.asked(), 1, "once, at the start");
        for _ in 0..50 {
            assert_eq!(vote(&client, &old.user_by("1", "7")).await, 200);
        }
        assert_eq!(keys.asked(), 1, "never for a key that is known");
        // The site has a new key beside the old one.
        keys.set(set(&[old.jwk("1"), new.jwk("2")]));
        let found = async || vote(&client, &new.user_by("2", "7")).await == 200;
        eventually("the new key", SOON, found).await;
        assert_eq!(keys.asked(), 2);
        // Strangers make up kids: the cooldown holds, and the address hears nothing of it.
        keys.set(http("500 Internal Server Error", "down"));
        for n in 0..200 {
            let stranger = old.user_by(&format!("made-up-{n}"), "7");
            client
                .put_vote(&stranger, TOOL, "ship")
                .await
                .problem(401, "bad-token");
        }
        assert_eq!(keys.asked(), 2, "within the cooldown");
        // Stale keys are better than none.
        for token in [old.user_by("1", "7"), new.user_by("2", "7")] {
            assert_eq!(vote(&client, &token).await, 200);
        }
        assert_eq!(client.counts(TOOL).await, (1, 0));
        server.verify().await;
    });
}

/// Keys whose source fails serve for as long as is set, `/readyz` says so at once, and they come back with their source.
#[test]
fn the_last_keys_serve_for_a_bounded_time() {
    run(async {
        let authority = Authority::new("authority of the tests");
        let site = Site::new("ES256");
        let keys = Keys::serve(&authority.good(), set(&[site.jwk("1")]));
        let server = setup(&site, &keys, &authority)
            .env("TALLYSHIP_IDENTITY__JWT_REFRESH", "1s")
            .env("TALLYSHIP_IDENTITY__JWT_MAX_STALE", "4s")
            .start()
            .await;
        let client = server.client();
        let users = async || {
            let ready = server.admin().get("/readyz").send().await;
            ready.json["parts"]["users"].as_str().map(str::to_owned)
        };
        assert_eq!(vote(&client, &site.user_by("1", "7")).await, 201);
        let fresh = users().await;
        keys.set(http("500 Internal Server Error", "down"));
        eventually("readiness says so", SOON, async || users().await != fresh).await;
        eventually("the keys end", SOON, async || {
            vote(&client, &site.user_by("1", "7")).await == 503
        })
        .await;
        let visitor = client.visitor().await;
        assert_eq!(vote(&client, &visitor).await, 201);
        keys.set(set(&[site.jwk("1")]));
        eventually("the keys are back", SOON, async || {
            vote(&client, &site.user_by("1", "7")).await == 200
        })
        .await;
        eventually("and readiness", SOON, async || users().await == fresh).await;
    });
}

/// Every way in which an address can be no use at the start: the server starts, visitors vote, users are told to come again.
#[test]
fn without_keys_users_wait_and_visitors_vote() {
    run(async {
        let authority = Authority::new("authority of the tests");
        let site = Site::new("EdDSA");
        let good = || set(&[site.jwk("1")]);
        let long = json!({"keys": [site.jwk("1")], "x": "x".repeat(300_000)}).to_string();
        let moved =
            b"HTTP/1.1 302 Found\r\nlocation: https://localhost/\r\ncontent-length: 0\r\n\r\n";
        let other = Authority::new("another");
        for (case, identity, answer) in [
            ("untrusted", other.good(), good()),
            ("another host", authority.for_another_host(), good()),
            ("expired", authority.expired(), good()),
            ("too long", authority.good(), http("200 OK", &long)),
            ("no JSON", authority.good(), http("200 OK", "<html>")),
            ("not there", authority.good(), http("404 Not Found", "")),
            ("moved", authority.good(), moved.to_vec()),
            (
                "cut off",
                authority.good(),
                b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{".to_vec(),
            ),
        ] {
            let keys = Keys::serve(&identity, answer);
            let server = start(&site, &keys, &authority).await;
            let client = server.client();
            let user = client.put_vote(&site.user_by("1", "7"), TOOL, "ship").await;
            let user = user.problem(503, "unavailable");
            assert!(user.header("retry-after").is_some(), "{case}");
            let mint = client.post("/v1/visitors").bearer(&site.user_by("1", "7"));
            mint.send().await.expect(201);
            let visitor = client.visitor().await;
            assert_eq!(vote(&client, &visitor).await, 201, "{case}");
            let said = server.stderr();
            assert!(said.contains("JWKS unavailable"), "{case}: {said}");
        }
    });
}

#[test]
fn an_address_that_never_answers_holds_up_nobody_for_long() {
    run(async {
        let authority = Authority::new("authority of the tests");
        let site = Site::new("EdDSA");
        // It takes connections, and says nothing: the kernel answers for it.
        let deaf = TcpListener::bind("127.0.0.1:0").expect("a port");
        let keys = Keys {
            port: deaf.local_addr().expect("an address").port(),
            answer: Arc::default(),
            asked: Arc::default(),
        };
        let began = Instant::now();
        let server = start(&site, &keys, &authority).await;
        println!("started after {:?}", began.elapsed());
        assert!(began.elapsed() < Duration::from_secs(15));
        let client = server.client();
        let began = Instant::now();
        assert_eq!(vote(&client, &site.user_by("1", "7")).await, 503);
        assert!(began.elapsed() < Duration::from_secs(2), "no call waits");
        assert_eq!(server.sigterm(SOON).await, 0);
    });
}
