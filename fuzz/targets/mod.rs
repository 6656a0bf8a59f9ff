//! Every parser of bytes from outside, each as a function that takes any bytes and panics where a promise is broken.
//!
//! `fuzz/run` feeds them under libFuzzer, `tests/fuzz.rs` with what is committed and a little more. A target checks what it
//! can besides that nothing panics: that what is read can be written and read again, that two ways agree, that bounds hold.

use std::str::from_utf8;

macro_rules! targets {
    ($($name:ident)*) => {
        $(pub mod $name;)*
        /// Every target by its name, which is also that of its folders below `fuzz/seeds` and `fuzz/regressions`.
        pub const ALL: &[(&str, fn(&[u8]))] = &[$((stringify!($name), $name::run)),*];
    };
}

targets! {
    backup_file catalog_file cursors forms headers jwks json_bodies jwt ledger network queries refusals relay restore
    settings visitor_token votes_file words
}

/// Bytes that are text; most parsers never see others.
fn text(data: &[u8]) -> Option<&str> {
    from_utf8(data).ok()
}

/// The first line, and the rest.
fn first_line(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}
