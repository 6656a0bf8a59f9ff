//! `tallyship health`: asks the server that runs with the same settings how it is. Images without a shell have no other way to.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use super::{Failure, console};
use crate::config::{ListenAddress, Settings};

/// One step of the call may take so long; readiness is told from memory.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) fn run(settings: &Settings) -> Result<ExitCode, Failure> {
    let Some(listener) = &settings.http.admin_listen else {
        return Err(Failure::configuration(
            "setting http.admin_listen = \"off\": there is nobody to ask",
        ));
    };
    let asked = match listener {
        ListenAddress::Tcp(address) => ask_tcp(reachable(*address)),
        ListenAddress::Unix(path) => ask_unix(path),
    };
    let answer =
        asked.map_err(|cause| Failure::new(format!("{}/readyz: {cause}", listener.shown())))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    console::print(body)?;
    // Degraded is 200 too: votes are taken.
    Ok(if head.split(' ').nth(1) == Some("200") {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A listener on all addresses is found on this machine's own.
fn reachable(mut listener: SocketAddr) -> SocketAddr {
    match listener.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => listener.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => listener.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    listener
}

fn ask_tcp(address: SocketAddr) -> std::io::Result<String> {
    let connection = TcpStream::connect_timeout(&address, PATIENCE)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_write_timeout(Some(PATIENCE))?;
    ask(connection, &address.to_string())
}

fn ask_unix(path: &Path) -> std::io::Result<String> {
    let connection = UnixStream::connect(path)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_write_timeout(Some(PATIENCE))?;
    ask(connection, "localhost")
}

/// The whole answer. HTTP/1.0: its end is the connection's.
fn ask(mut connection: impl Read + Write, host: &str) -> std::io::Result<String> {
    connection.write_all(format!("GET /readyz HTTP/1.0\r\nhost: {host}\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    connection.take(64 * 1024).read_to_string(&mut answer)?;
    Ok(answer)
}
