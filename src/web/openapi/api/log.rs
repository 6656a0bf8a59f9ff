//! The public log.

use utoipa::openapi::path::Parameter;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{KnownFormat, SchemaFormat};

use super::super::operation::{HTML, Operation, Part};
use super::super::parameters::{self, text};
use crate::http::problem::Code;
use crate::transparency::routes::{BallotView, LogList};

pub(super) const PART: Part = Part("log");

const TEXT: &str = "text/plain";

fn log() -> Parameter {
    let number = ObjectBuilder::new().schema_type(Type::Integer);
    parameters::path(
        "log",
        "The number of a log that came after the first.",
        number,
        "2",
    )
}

fn level() -> Parameter {
    let says = "The level of the tile, or `entries`.";
    parameters::path("level", says, text(), "entries")
}

fn tile() -> Parameter {
    let says = "The tile's number in groups of three digits, all but the last after an `x`; with `.p/W` its first W.";
    parameters::path("tile", says, text(), "000")
}

fn hash() -> Parameter {
    let says = "The SHA-256 of the list, in hexadecimal.";
    parameters::path("hash", says, text(), &"0".repeat(64))
}

/// The files of one log.
fn files(
    operation: impl Fn(&'static str, &str) -> Operation,
    paths: [&'static str; 4],
) -> [Operation; 4] {
    let [checkpoint, key, tiles, lists] = paths;
    let bytes = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
    let cached = &["Cache-Control"];
    [
        operation(checkpoint, "Checkpoint")
            .says("The newest checkpoint", "A signed note of c2sp.org/tlog-checkpoint; a new one every four seconds, while votes come.")
            .shows(200, "The signed note.", TEXT, text())
            .bearing(cached),
        operation(key, "Key")
            .says("The verifier key", "`name+hash+base64`, of c2sp.org/signed-note.")
            .shows(200, "One line.", TEXT, text())
            .bearing(cached),
        operation(tiles, "Tile")
            .says("A tile of hashes, or a bundle of entries", "As c2sp.org/tlog-tiles has them; they never change.")
            .with(level())
            .with(tile())
            .shows(200, "The hashes, or the entries, each behind its length in two bytes.", "application/octet-stream", bytes)
            .bearing(cached)
            .refuses(&[Code::NotFound]),
        operation(lists, "List")
            .says("The ballots that an `exclude` or `include` line names", "Sorted by bytes, each on a line.")
            .with(hash())
            .shows(200, "The list.", TEXT, text())
            .bearing(cached)
            .refuses(&[Code::NotFound]),
    ]
}

pub(super) fn operations() -> Vec<Operation> {
    let mut operations = answers();
    operations.extend(all_files());
    operations
}

/// The files of every log.
fn all_files() -> impl Iterator<Item = Operation> {
    let first = files(
        |path, what| {
            PART.get(path, &format!("getLog{what}"))
                .refuses(&[Code::Unavailable])
        },
        [
            "/log/checkpoint",
            "/log/key",
            "/log/tile/{level}/{tile}",
            "/log/lists/{hash}",
        ],
    );
    let later = files(
        |path, what| {
            PART.get(path, &format!("getLaterLog{what}"))
                .with(log())
                .refuses(&[Code::NotFound, Code::Unavailable])
        },
        [
            "/log/{log}/checkpoint",
            "/log/{log}/key",
            "/log/{log}/tile/{level}/{tile}",
            "/log/{log}/lists/{hash}",
        ],
    );
    first.into_iter().chain(later)
}

/// What is put together for a call.
fn answers() -> Vec<Operation> {
    vec![
        PART.get("/log", "showLog")
            .says(
                "The log for readers",
                "Checks a pasted receipt in the browser.",
            )
            .shows(200, "The page.", HTML, text())
            .bearing(&["Content-Security-Policy"]),
        PART.get("/v1/log", "listLogs")
            .says(
                "The logs of this site",
                "Oldest first; votes go into the last.",
            )
            .answers::<LogList>(200, "The logs.")
            .bearing(&["Cache-Control"])
            .refuses(&[Code::Unavailable]),
        PART.get("/v1/log/ballots/{ballot}", "getBallot")
            .says(
                "What the newest log says of a ballot",
                "Known once it is under a checkpoint, which takes five seconds at most.",
            )
            .with(parameters::path(
                "ballot",
                "The ballot of a receipt.",
                text(),
                &"A".repeat(32),
            ))
            .answers::<BallotView>(200, "Its entries.")
            .bearing(&["Cache-Control"])
            .refuses(&[Code::NotFound, Code::Unavailable, Code::Overloaded]),
        PART.get("/v1/log/proofs/{index}", "getProof")
            .says(
                "The proof that an entry is in the newest log",
                "As c2sp.org/tlog-proof has it; it can be checked without this server.",
            )
            .with(parameters::path(
                "index",
                "The number of the entry.",
                ObjectBuilder::new().schema_type(Type::Integer),
                "0",
            ))
            .shows(200, "The proof.", TEXT, text())
            .bearing(&["Cache-Control"])
            .refuses(&[Code::NotFound, Code::Unavailable]),
    ]
}
