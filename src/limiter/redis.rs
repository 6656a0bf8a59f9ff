//! The script in Redis that decides many calls in one round trip, and how its answer is read.
//!
//! `shared` calls it with whatever waits. On a cluster it goes key by key, since the keys of one call may live apart.

use std::collections::HashMap;

use futures_util::future::join_all;
use redis::{RedisError, Script};

use super::{Charge, Decision, Decisions, admitted};
use crate::redis::Link;

/// One call's business with Redis.
#[derive(Debug, Clone)]
pub(super) enum Errand {
    Check(Vec<Charge>),
    GiveBack(Vec<Charge>),
}

impl Errand {
    fn charges(&self) -> &[Charge] {
        match self {
            Self::Check(charges) | Self::GiveBack(charges) => charges,
        }
    }
}

const SCRIPT: &str = include_str!("gcra.lua");

/// What the script is given.
#[derive(Default)]
struct Call {
    keys: Vec<Vec<u8>>,
    arguments: Vec<i64>,
}

/// The script with the prefix of its keys.
pub(super) struct Gcra {
    script: Script,
    prefix: String,
}

impl Gcra {
    pub(super) fn new(prefix: &str) -> Self {
        Self {
            script: Script::new(SCRIPT),
            prefix: format!("{prefix}:"),
        }
    }

    fn key(&self, charge: &Charge) -> Vec<u8> {
        let mut key = Vec::with_capacity(self.prefix.len() + 17);
        key.extend_from_slice(self.prefix.as_bytes());
        key.push(charge.policy.tag());
        key.extend_from_slice(&charge.key);
        key
    }

    /// Runs all errands; the answer holds the decisions of each, none for what was given back.
    pub(super) async fn run(
        &self,
        link: &Link,
        errands: &[Errand],
    ) -> Result<Vec<Decisions>, RedisError> {
        if link.is_cluster() {
            let each = errands
                .iter()
                .map(|errand| self.run_apart(link.clone(), errand));
            return join_all(each).await.into_iter().collect();
        }
        self.run_together(link.clone(), errands).await
    }

    async fn run_together(
        &self,
        mut link: Link,
        errands: &[Errand],
    ) -> Result<Vec<Decisions>, RedisError> {
        let mut call = Call::default();
        let mut known: HashMap<(u8, [u8; 16]), i64> = HashMap::with_capacity(errands.len() * 2);
        for errand in errands {
            let charges = errand.charges();
            let n = i64::try_from(charges.len()).unwrap_or_default();
            call.arguments.push(match errand {
                Errand::Check(_) => n,
                Errand::GiveBack(_) => -n,
            });
            for charge in charges {
                let next = i64::try_from(known.len()).unwrap_or_default() + 1;
                let index = *known
                    .entry((charge.policy.tag(), charge.key))
                    .or_insert_with(|| {
                        call.keys.push(self.key(charge));
                        next
                    });
                let interval = i64::try_from(charge.quota.interval_micros()).unwrap_or(i64::MAX);
                let count = i64::from(charge.quota.count);
                call.arguments.extend([index, interval, count]);
            }
        }
        if known.is_empty() {
            return Ok(vec![Decisions::new(); errands.len()]);
        }
        let flat = self.invoke(&mut link, &call).await?;
        let mut pairs = flat.chunks_exact(2);
        let decide = |charge: &Charge| match pairs.next() {
            Some(&[allowed, ahead]) => Ok(Decision {
                policy: charge.policy,
                quota: charge.quota,
                ahead,
                allowed: allowed == 1,
            }),
            _ => Err(RedisError::from((
                redis::ErrorKind::UnexpectedReturnType,
                "the script's answer is too short",
            ))),
        };
        let mut decide = decide;
        errands
            .iter()
            .map(|errand| match errand {
                Errand::Check(charges) => charges.iter().map(&mut decide).collect(),
                Errand::GiveBack(_) => Ok(Decisions::new()),
            })
            .collect()
    }

    /// Runs the script; on a cluster that is sent elsewhere, there.
    async fn invoke(&self, link: &mut Link, call: &Call) -> Result<Vec<u64>, RedisError> {
        let mut invocation = self.script.prepare_invoke();
        for key in &call.keys {
            invocation.key(key);
        }
        for argument in &call.arguments {
            invocation.arg(argument);
        }
        let refused = match invocation.invoke_async(link).await {
            Ok(flat) => return Ok(flat),
            Err(refused) => refused,
        };
        // With the script's text: that node may not know it yet.
        let mut command = redis::cmd("EVAL");
        command.arg(SCRIPT).arg(call.keys.len());
        command.arg(&call.keys).arg(&call.arguments);
        match link.follow(&refused, command).await {
            Some(answer) => Ok(redis::from_redis_value(answer?)?),
            None => Err(refused),
        }
    }

    /// On a cluster: one call a key, in order; what was charged before a refusal is given back.
    async fn run_apart(&self, link: Link, errand: &Errand) -> Result<Decisions, RedisError> {
        let mut decisions = Decisions::new();
        for (position, charge) in errand.charges().iter().enumerate() {
            let one = match errand {
                Errand::Check(_) => Errand::Check(vec![*charge]),
                Errand::GiveBack(_) => Errand::GiveBack(vec![*charge]),
            };
            decisions.extend(
                self.run_together(link.clone(), &[one])
                    .await?
                    .into_iter()
                    .flatten(),
            );
            if !admitted(&decisions) {
                for charged in errand.charges().iter().take(position) {
                    self.run_together(link.clone(), &[Errand::GiveBack(vec![*charged])])
                        .await?;
                }
                break;
            }
        }
        Ok(decisions)
    }
}
