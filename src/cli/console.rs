//! What a command prints. Standard output is written at once and may fail; standard error is best effort (`infra::stderr`).

use std::io::{ErrorKind, Write};

use super::Failure;

/// Writes `text` and a line feed to standard output.
///
/// # Errors
/// Exit code 1, with a line unless the reader went away.
pub(super) fn print(text: impl std::fmt::Display) -> Result<(), Failure> {
    write(format!("{text}\n").as_bytes())
}

/// Writes `bytes` to standard output.
pub(super) fn write(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)
        .and_then(|()| out.flush())
        .map_err(|cause| failure(&cause))
}

/// What to report if standard output cannot be written: nothing if the reader went away.
pub(super) fn failure(cause: &std::io::Error) -> Failure {
    if cause.kind() == ErrorKind::BrokenPipe {
        Failure::silent()
    } else {
        Failure::new(format!("cannot write to standard output: {cause}"))
    }
}
