//! Clients that hold a connection and do not go on: half a head, a stalled or dripped body, a reader that never reads.
//!
//! Each is closed in time, on a fresh connection and on a kept-alive one; its twin, who is only quiet between two requests
//! or reads slowly but does, is not. It must never take "no answer" for "closed": a probe reads until the end of the stream.
use crate::SLACK;
use crate::book::TOOLS;
use crate::deaf::{address, metric};
use crate::harness::server::Home;
use crate::harness::stream::{Next, Stream};
use crate::harness::{Backend, eventually, run};
use futures_util::future::join_all;
use socket2::{Domain, Socket, Type};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const TOOL: &str = TOOLS[0];
const CLOSED: Duration = Duration::from_secs(15);
const DROPPED: Duration = Duration::from_secs(30);

/// What a hanging client sends, and then, if it drips, a byte every half second.
#[derive(Clone, Copy)]
struct Hanging {
    name: &'static str,
    sends: &'static str,
    drips: bool,
}

const REQUEST: &str = "GET /v1/tools/codestral-2/tally HTTP/1.1\r\nhost: x\r\n\r\n";

const HANGING: [Hanging; 6] = [
    Hanging {
        name: "half a head",
        sends: "GET /v1/tallies?tools=codestral-2 HTTP/1.1\r\nhost: x\r\nx-more: ",
        drips: false,
    },
    Hanging {
        name: "a dripped head",
        sends: "GET /v1/tallies?tools=codestral-2 HTTP/1.1\r\nhost: x\r\nx-more: ",
        drips: true,
    },
    Hanging {
        name: "a stalled body",
        sends: "POST /v1/visitors HTTP/1.1\r\nhost: x\r\ncontent-length: 900\r\n\r\nab",
        drips: false,
    },
    Hanging {
        name: "a dripped body",
        sends: "POST /tools/codestral-2/vote HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 900\r\n\r\nab",
        drips: true,
    },
    Hanging {
        name: "a dripped body in chunks",
        sends: "GET /v1/tools/codestral-2/tally HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n384\r\n",
        drips: true,
    },
    Hanging {
        name: "a dripped body of a vote",
        sends: "PUT /v1/tools/codestral-2/vote HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{\"",
        drips: true,
    },
];

/// Sends and reads until the server closes; how long that took, or `None` after `guard`.
async fn until_closed(
    mut socket: TcpStream,
    hanging: Hanging,
    guard: Duration,
) -> Option<Duration> {
    let began = Instant::now();
    let sent = socket.write_all(hanging.sends.as_bytes()).await;
    sent.expect("the first bytes");
    let (mut reads, mut writes) = socket.into_split();
    let drip = async {
        loop {
            tokio::time::sleep(Duration::from_millis(500)).await; // the drip's pace
            if hanging.drips && writes.write_all(b"x").await.is_err() {
                // The server has closed; the read says when.
                std::future::pending::<()>().await;
            }
        }
    };
    let closed = async {
        let mut bytes = [0; 4096];
        while let Ok(1..) = reads.read(&mut bytes).await {}
        began.elapsed()
    };
    tokio::select! {
        took = closed => Some(took),
        () = drip => None,
        () = tokio::time::sleep(guard) => None,
    }
}

/// A connection on which a request was already answered.
async fn kept_alive(address: SocketAddr) -> TcpStream {
    let mut socket = TcpStream::connect(address).await.expect("connects");
    answered(&mut socket).await;
    socket
}

async fn answered(socket: &mut TcpStream) {
    socket.write_all(REQUEST.as_bytes()).await.expect("sends");
    let mut seen = Vec::new();
    while !seen.ends_with(b"\"}") {
        let n = socket.read_buf(&mut seen).await.expect("reads");
        assert!(n > 0, "closed: {}", String::from_utf8_lossy(&seen));
    }
}

#[test]
fn slow_clients_are_closed_on_sqlite() {
    run(async {
        let server = Home::new(Backend::Sqlite).setup().generous().start().await;
        let address = address(&server);
        let fresh = HANGING.map(|hanging| async move {
            let socket = TcpStream::connect(address).await.expect("connects");
            (
                hanging.name,
                "fresh",
                until_closed(socket, hanging, CLOSED * SLACK).await,
            )
        });
        let kept = HANGING.map(|hanging| async move {
            let socket = kept_alive(address).await;
            (
                hanging.name,
                "kept alive",
                until_closed(socket, hanging, CLOSED * SLACK).await,
            )
        });
        // The twin: quiet between two requests for as long is no fault, and the probe says that it is open.
        let quiet = async {
            let mut socket = kept_alive(address).await;
            let mut byte = [0; 1];
            let closed = tokio::time::timeout(CLOSED + DROPPED, socket.read(&mut byte)).await;
            assert!(closed.is_err(), "a quiet connection was closed: {closed:?}");
            answered(&mut socket).await;
        };
        let (fresh, kept, ()) = tokio::join!(join_all(fresh), join_all(kept), quiet);
        let mut late = Vec::new();
        for (name, connection, took) in fresh.into_iter().chain(kept) {
            println!("{name}, {connection}: closed after {took:?}");
            if took.is_none_or(|took| took > CLOSED) {
                late.push((name, connection, took));
            }
        }
        assert!(late.is_empty(), "not closed within {CLOSED:?}: {late:?}");
    });
}

/// A reader of an ordinary answer who never reads, with more asked for than the kernel takes.
/// A spare connection, as clients and balancers keep them, is closed without a word: an answer that nobody asked for would be
/// taken for that of the next request. The twin, half a request, is told.
#[test]
fn a_spare_connection_is_closed_without_a_word_on_sqlite() {
    run(async {
        let server = Home::new(Backend::Sqlite).setup().generous().start().await;
        let address = address(&server);
        let told = async |said: &str| {
            let mut socket = TcpStream::connect(address).await.expect("connects");
            let sent = socket.write_all(said.as_bytes()).await;
            sent.expect("the first bytes");
            let mut heard = Vec::new();
            let closed = tokio::time::timeout(CLOSED * SLACK, socket.read_to_end(&mut heard)).await;
            closed.expect("it is closed").expect("properly");
            String::from_utf8(heard).expect("text")
        };
        let (spare, half) = tokio::join!(told(""), told(HANGING[0].sends));
        assert_eq!(spare, "");
        assert!(half.starts_with("HTTP/1.1 408 "), "{half}");
    });
}

#[test]
fn who_never_reads_an_answer_is_dropped_on_sqlite() {
    run(async {
        let server = Home::new(Backend::Sqlite).setup().generous().start().await;
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.set_recv_buffer_size(1024).expect("a small buffer");
        socket.connect(&address(&server).into()).expect("connects");
        socket.set_nonblocking(true).expect("non-blocking");
        let mut socket = TcpStream::from_std(socket.into()).expect("a stream");
        let began = Instant::now();
        // Asks on, until the server takes no more, and then no more is taken for good.
        let asks = async { while socket.write_all(REQUEST.as_bytes()).await.is_ok() {} };
        let closed = tokio::time::timeout((DROPPED + CLOSED) * SLACK, asks).await;
        println!("closed after {:?}", began.elapsed());
        assert!(closed.is_ok(), "still open");
        assert!(began.elapsed() > DROPPED / 2, "it had its time");
    });
}

#[test]
fn sigterm_ends_a_thousand_streams_on_sqlite() {
    const STREAMS: usize = 1_000;
    const STOP: Duration = Duration::from_secs(3);
    run(async {
        let server = Home::new(Backend::Sqlite).setup().generous().start().await;
        let mut streams = Vec::new();
        for _ in 0..STREAMS {
            streams.push(Stream::of(&server.url, TOOL).await);
        }
        for stream in &mut streams {
            stream.tally(CLOSED).await;
        }
        let began = Instant::now();
        let code = server.sigterm(STOP * SLACK).await;
        let took = began.elapsed();
        println!("{STREAMS} streams: stopped after {took:?}");
        assert_eq!(code, 0);
        assert!(took < STOP, "{took:?}");
        for stream in &mut streams {
            // Heartbeats may have come while the others were opened.
            let last = loop {
                match stream.next(CLOSED).await {
                    Next::Event(event) if event.comment => {}
                    last => break last,
                }
            };
            assert!(matches!(last, Next::Ended), "{last:?}");
        }
    });
}

/// The twin: a stream that does not know of the stop holds a server for as long as it may.
#[test]
fn a_bare_stream_holds_a_stop() {
    const DRAIN: Duration = Duration::from_secs(4);
    use actix_web::{App, HttpResponse, HttpServer, web};
    actix_web::rt::System::new().block_on(async {
        let endless = || async {
            let quiet = futures_util::stream::pending::<Result<web::Bytes, std::io::Error>>();
            HttpResponse::Ok().streaming(quiet)
        };
        let server = HttpServer::new(move || App::new().default_service(web::to(endless)))
            .workers(1)
            .shutdown_timeout(DRAIN.as_secs())
            .disable_signals()
            .bind(("127.0.0.1", 0))
            .expect("a port");
        let url = format!("http://{}", server.addrs()[0]);
        let running = server.run();
        let handle = running.handle();
        actix_web::rt::spawn(running);
        let open = reqwest::get(&url).await.expect("a stream");
        let began = Instant::now();
        handle.stop(true).await;
        println!("a bare stream: stopped after {:?}", began.elapsed());
        assert!(began.elapsed() >= DRAIN / 2);
        drop(open);
    });
}

/// The slots of closed connections are free at once.
#[test]
fn who_leaves_is_noticed_on_sqlite() {
    run(async {
        let server = Home::new(Backend::Sqlite).setup().generous().start().await;
        let mut streams = Vec::new();
        for _ in 0..50 {
            streams.push(Stream::of(&server.url, TOOL).await);
        }
        eventually("all are counted", CLOSED, async || {
            metric(&server, "tallyship_streams").await == 50.0
        })
        .await;
        drop(streams);
        let took = eventually("all are gone", CLOSED, async || {
            metric(&server, "tallyship_streams").await == 0.0
        })
        .await;
        println!("50 that left were noticed after {took:?}");
    });
}
