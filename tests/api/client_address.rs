//! The client's network by trusted proxies only; seen from outside through a network's quota.
//!
//! It must never ask the server which address it took: only which votes it admits.
use crate::harness::client::Client;
use crate::harness::server::{Home, Server};
use crate::harness::{Backend, eventually};
use std::time::Duration;

const TOOL: &str = "codestral-2";

crate::both!(
    an_untrusted_peer_is_not_believed,
    only_the_trusted_address_is,
    the_rightmost_untrusted_entry_counts,
    of_several_headers_only_the_configured_one_counts
);

async fn server(backend: Backend, trusted: &str) -> Server {
    let setup = Home::new(backend)
        .setup()
        .generous()
        .env("TALLYSHIP_LIMITS__VOTES_PER_NETWORK", "2/1h");
    setup
        .env("TALLYSHIP_HTTP__TRUSTED_PROXIES", trusted)
        .start()
        .await
}

/// Whether a vote with these `X-Forwarded-For` lines is admitted.
async fn admitted(server: &Server, token: &str, lines: &[&str]) -> bool {
    admitted_from(&server.client(), token, lines).await
}

async fn admitted_from(client: &Client, token: &str, lines: &[&str]) -> bool {
    let mut call = client.vote(token, TOOL, "ship");
    for line in lines {
        call = call.header("x-forwarded-for", line);
    }
    let answer = call.send().await;
    assert!(answer.success() || answer.status == 429, "{}", answer.text);
    answer.success()
}

async fn an_untrusted_peer_is_not_believed(backend: Backend) {
    let server = server(backend, "10.0.0.0/8").await;
    let token = server.setup.mint(1).await.remove(0);
    for n in 0..4 {
        let forged = format!("203.0.113.{n}");
        assert_eq!(
            admitted(&server, &token, &[&forged]).await,
            n < 2,
            "vote {n} counts for the peer"
        );
    }
    let warned = |log: &str| {
        log.lines()
            .any(|line| line.contains("WARN") && line.contains("trusted_proxies"))
    };
    eventually(
        "the operator is warned",
        Duration::from_secs(10),
        async || warned(&server.stderr()),
    )
    .await;
    let log = server.stderr();
    assert!(
        !log.contains("203.0.113") && !log.contains("127.0.0.1"),
        "no address in the log: {log}"
    );
}

async fn only_the_trusted_address_is(backend: Backend) {
    let server = server(backend, "127.0.0.1/32").await;
    let token = server.setup.mint(1).await.remove(0);
    let (proxy, stranger) = (
        server.client(),
        Client::from_address(&server.url, [127, 0, 0, 2].into()),
    );
    for n in 0..4 {
        let named = format!("198.51.100.{n}");
        assert!(
            admitted_from(&proxy, &token, &[&named]).await,
            "the proxy names another network each time"
        );
        let believed = admitted_from(&stranger, &token, &[&named]).await;
        assert_eq!(believed, n < 2, "its neighbour votes for itself: {n}");
    }
}

async fn the_rightmost_untrusted_entry_counts(backend: Backend) {
    let server = server(backend, "127.0.0.1/32, 10.0.0.0/8").await;
    let token = server.setup.mint(1).await.remove(0);
    // Each group is one network, written in several ways: two votes are admitted, the third is not.
    let groups: [[&[&str]; 3]; 7] = [
        [
            &["198.51.100.1"],
            &["6.6.6.6, 198.51.100.1"],
            &["7.7.7.7, 198.51.100.1, 10.1.2.3"],
        ],
        [
            &["::ffff:198.51.100.2"],
            &["198.51.100.2"],
            &["8.8.8.8, ::FFFF:198.51.100.2"],
        ],
        [
            &["198.51.100.3:4711"],
            &["198.51.100.3"],
            &["garbage, 198.51.100.3"],
        ],
        [
            &["2001:db8:1:2::1"],
            &["2001:db8:1:2:ffff::9"],
            &["[2001:db8:1:2::3]:443"],
        ],
        [
            &["2001:db8:1:3::1"],
            &["9.9.9.9", "2001:db8:1:3::2"],
            &["2001:db8:1:3::3, 10.0.0.1", "10.0.0.2"],
        ],
        [&["198.51.100.4"], &["198.51.100.4,"], &["198.51.100.4"]],
        [&[], &["garbage"], &["1.2.3.4, unknown"]],
    ];
    for (n, group) in groups.iter().enumerate() {
        let results = [
            admitted(&server, &token, group[0]).await,
            admitted(&server, &token, group[1]).await,
            admitted(&server, &token, group[2]).await,
        ];
        // The sixth group's second line ends in an empty entry: nothing left of it counts, so it is the proxy's own.
        let expected = if n == 5 {
            [true, true, true]
        } else if n == 6 {
            [true, false, false]
        } else {
            [true, true, false]
        };
        assert_eq!(results, expected, "group {n}");
    }
    assert!(
        !server.stderr().contains("WARN"),
        "a trusted proxy is not warned of: {}",
        server.stderr()
    );
}

/// Each call bears every header that proxies send; the client writes all but the one that is configured.
async fn of_several_headers_only_the_configured_one_counts(backend: Backend) {
    let all = [
        "X-Forwarded-For",
        "Forwarded",
        "X-Real-IP",
        "CF-Connecting-IP",
    ];
    for configured in all {
        let server = Home::new(backend)
            .setup()
            .generous()
            .env("TALLYSHIP_LIMITS__VOTES_PER_NETWORK", "2/1h")
            .env("TALLYSHIP_HTTP__TRUSTED_PROXIES", "127.0.0.1/32")
            .env("TALLYSHIP_HTTP__FORWARDING_HEADER", configured)
            .start()
            .await;
        let token = server.setup.mint(1).await.remove(0);
        let client = server.client();
        // The proxy names one client, then four.
        for (named, admitted) in [([1, 1, 1], [true, true, false]), ([2, 3, 4], [true; 3])] {
            for n in 0..3 {
                let mut call = client.vote(&token, TOOL, "ship");
                for header in all {
                    let host = if header == configured {
                        named[n]
                    } else {
                        100 + named[2 - n] * 10 + n
                    };
                    let value = match header {
                        "Forwarded" => format!("for=198.51.100.{host};proto=https"),
                        _ => format!("198.51.100.{host}"),
                    };
                    call = call.header(header, &value);
                }
                let answer = call.send().await;
                assert_eq!(answer.success(), admitted[n], "{configured} {named:?} {n}");
            }
        }
    }
}
