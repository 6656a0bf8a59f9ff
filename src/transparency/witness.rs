//! Witnesses (c2sp.org/tlog-witness): servers of others that cosign a checkpoint if it continues the one that they cosigned before.
//!
//! The log's worker submits each checkpoint that it shows, and no other: a witness refuses whatever does not continue what it
//! has cosigned.

use std::fmt::Write;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use reqwest::{Client, Response, StatusCode, redirect};
use url::Url;

use super::merkle::Hash;
use super::note::VerifierKey;
use super::published::Published;
use super::tile_path::parse_decimal;
use crate::infra::workers::Stop;

/// The next epoch waits for a witness no longer than this.
const TIMEOUT: Duration = Duration::from_secs(1);
/// After a failure.
const RETRY_INTERVAL: Duration = Duration::from_secs(30);
const MAX_ANSWER_BYTES: usize = 16 << 10;
/// A second one for those that name the size which they have cosigned.
const ROUNDS: usize = 2;

/// Why a witness has not cosigned.
#[derive(Debug, thiserror::Error)]
enum WitnessError {
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    #[error("it answered {0}")]
    Refused(StatusCode),
    #[error("its answer is longer than {MAX_ANSWER_BYTES} bytes, or not UTF-8")]
    Unreadable,
    #[error("its answer has no cosignature of its key")]
    Unsigned,
    #[error("it has cosigned {0} entries, more than the log has")]
    Ahead(u64),
}

enum Answer {
    /// A line for the note.
    Cosigned(String),
    /// The size that the witness has cosigned, if it is another than was said.
    Conflict(u64),
}

struct Witness {
    address: Url,
    key: VerifierKey,
    /// The size that it cosigned last. 0 if that is not known: then its answer says it.
    cosigned: u64,
    retry_at: Option<Instant>,
}

impl Witness {
    async fn submit(
        &mut self,
        client: &Client,
        body: String,
        shown: &Published,
    ) -> Result<Answer, WitnessError> {
        let address = format!("{}add-checkpoint", self.address);
        let answer = client.post(address).body(body).send().await?;
        match answer.status() {
            StatusCode::OK => {
                let lines = read(answer).await?;
                let note = format!("{}\n{lines}", shown.checkpoint.text());
                let (_, line) = self.key.find(&note).ok_or(WitnessError::Unsigned)?;
                self.cosigned = shown.checkpoint.size;
                Ok(Answer::Cosigned(line.to_owned()))
            }
            StatusCode::CONFLICT => {
                let size = parse_decimal(read(answer).await?.trim_end());
                // The size that was named already is another root of that size.
                let size = size.filter(|size| *size != self.cosigned);
                let size = size.ok_or(WitnessError::Refused(StatusCode::CONFLICT))?;
                if size > shown.checkpoint.size {
                    return Err(WitnessError::Ahead(size));
                }
                Ok(Answer::Conflict(size))
            }
            status => Err(WitnessError::Refused(status)),
        }
    }
}

async fn read(mut answer: Response) -> Result<String, WitnessError> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER_BYTES {
            return Err(WitnessError::Unreadable);
        }
    }
    String::from_utf8(body).map_err(|_unread| WitnessError::Unreadable)
}

fn request(old: u64, proof: &[Hash], note: &str) -> String {
    let mut body = format!("old {old}\n");
    for hash in proof {
        let _ = writeln!(body, "{}", STANDARD.encode(hash));
    }
    body + "\n" + note
}

/// The witnesses of a log.
pub struct Witnesses {
    client: Client,
    witnesses: Vec<Witness>,
}

impl Witnesses {
    /// # Errors
    /// If TLS cannot be set up.
    pub fn new(witnesses: Vec<(Url, VerifierKey)>) -> reqwest::Result<Self> {
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(TIMEOUT)
            // Nothing runs here between two epochs that would notice a connection's end.
            .pool_max_idle_per_host(0)
            .user_agent(concat!("tallyship/", env!("CARGO_PKG_VERSION")))
            .build()?;
        let witness = |(address, key)| Witness {
            address,
            key,
            cosigned: 0,
            retry_at: None,
        };
        Ok(Self {
            client,
            witnesses: witnesses.into_iter().map(witness).collect(),
        })
    }

    /// The cosignatures that the note which is shown lacks, as far as they can be had now: lines to be put behind it. `prove`
    /// gives the proof that the tree of some size is a prefix of the one that is shown.
    ///
    /// # Errors
    /// Of `prove`.
    pub fn collect<E>(
        &mut self,
        stop: &Stop,
        shown: &Published,
        mut prove: impl FnMut(u64) -> Result<Vec<Hash>, E>,
    ) -> Result<String, E> {
        let mut lines = String::new();
        for _ in 0..ROUNDS {
            let note = format!("{}{lines}", shown.note);
            let mut submissions = Vec::new();
            for witness in &mut self.witnesses {
                if witness.key.find(&note).is_some() {
                    witness.cosigned = shown.checkpoint.size;
                } else if witness.retry_at.is_none_or(|at| at <= Instant::now()) {
                    let proof = prove(witness.cosigned)?;
                    let body = request(witness.cosigned, &proof, &shown.note);
                    let client = &self.client;
                    submissions.push(async move {
                        let answer = witness.submit(client, body, shown).await;
                        (witness, answer)
                    });
                }
            }
            let answers = stop.block_on(async { join_all(submissions).await });
            for (witness, answer) in answers {
                witness.retry_at = None;
                match answer {
                    Ok(Answer::Cosigned(line)) => lines.push_str(&line),
                    Ok(Answer::Conflict(size)) => witness.cosigned = size,
                    Err(cause) => {
                        witness.retry_at = Some(Instant::now() + RETRY_INTERVAL);
                        let name = &witness.key.name;
                        tracing::warn!(witness = %name, %cause, "no cosignature; will retry");
                    }
                }
            }
        }
        Ok(lines)
    }
}
