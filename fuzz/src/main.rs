//! libFuzzer over one of the targets: `FUZZ_TARGET` names it. `fuzz/run` builds and starts this; nothing else does.
//!
//! One binary for all, because linking the server takes longer than most findings.
#![no_main]

use std::sync::LazyLock;

#[path = "../targets/mod.rs"]
mod targets;

static RUN: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let wanted = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let found = targets::ALL.iter().find(|(name, _)| *name == wanted);
    let names: Vec<&str> = targets::ALL.iter().map(|(name, _)| *name).collect();
    found
        .unwrap_or_else(|| panic!("FUZZ_TARGET must be one of {}", names.join(" ")))
        .1
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| RUN(data));
