//! The HTTP client that reads keys and documents of servers that the settings name: bounded in time and size, without redirects.
//!
//! `users` reads a JWKS with it, `identity_provider` everything. It must never follow a redirect: that could lead to any address.

use std::error::Error;
use std::time::Duration;

use reqwest::{Certificate, Client, Response, redirect};

const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// A kept connection is for the next call of the same sign-in. Later it may be closed already at the other end.
const IDLE_TIMEOUT: Duration = Duration::from_secs(5);
/// The most of an answer that is read.
pub(super) const MAX_BYTES: usize = 256 * 1024;

/// A client that verifies servers by the certificates of `ca`, or the system's.
///
/// # Errors
/// Invalid certificates.
pub(super) fn build(ca: Option<&[u8]>, https_only: bool) -> Result<Client, String> {
    let mut client = Client::builder()
        .https_only(https_only)
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(REQUEST_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .user_agent(concat!("tallyship/", env!("CARGO_PKG_VERSION")));
    if let Some(pem) = ca {
        let certificates = Certificate::from_pem_bundle(pem).map_err(|bad| bad.to_string())?;
        if certificates.is_empty() {
            return Err("it holds no certificate".to_owned());
        }
        client = client.tls_built_in_root_certs(false);
        for certificate in certificates {
            client = client.add_root_certificate(certificate);
        }
    }
    client.build().map_err(|bad| bad.to_string())
}

/// The whole body, if it is not too long.
pub(super) async fn body(mut answer: Response) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|cause| causes(&cause))? {
        if bytes.len() + piece.len() > MAX_BYTES {
            return Err(format!("it is longer than {MAX_BYTES} bytes"));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// An error with what caused it: the outermost only says that sending failed.
pub(super) fn causes(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        said = format!("{said}: {cause}");
        next = cause.source();
    }
    said
}
