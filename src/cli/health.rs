//! `tallyship health`: asks the server that runs with the same settings how it is. Images without a shell have no other way to.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use super::{Failure, console};
use crate::config::Settings;

/// One step of the call may take so long; readiness is told from memory.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) fn run(settings: &Settings) -> Result<ExitCode, Failure> {
    let Some(listener) = settings.http.admin_listen else {
        return Err(Failure::configuration(
            "setting http.admin_listen = \"off\": there is nobody to ask",
        ));
    };
    let address = reachable(listener);
    let answer =
        ask(address).map_err(|cause| Failure::new(format!("http://{address}/readyz: {cause}")))?;
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

/// The whole answer. HTTP/1.0: its end is the connection's.
fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut connection = TcpStream::connect_timeout(&address, PATIENCE)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_write_timeout(Some(PATIENCE))?;
    connection.write_all(format!("GET /readyz HTTP/1.0\r\nhost: {address}\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    connection.take(64 * 1024).read_to_string(&mut answer)?;
    Ok(answer)
}
