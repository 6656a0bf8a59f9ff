//! The script in Redis that decides many calls in one round trip, and how its answer is read.
//!
//! `shared` calls it with whatever waits. On a cluster it goes key by key, since the keys of one call may live apart.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use futures_util::future::join_all;
use redis::{RedisError, Script};

use super::{Charge, Decision, Decisions, admitted};
use crate::domain::Quota;
use crate::infra::redis::Link;

/// One call's business with Redis.
#[derive(Debug, Clone)]
pub(super) enum ScriptCommand {
    Check(Vec<Charge>),
    GiveBack(Vec<Charge>),
}

impl ScriptCommand {
    fn charges(&self) -> &[Charge] {
        match self {
            Self::Check(charges) | Self::GiveBack(charges) => charges,
        }
    }
}

const SCRIPT: &str = include_str!("gcra.lua");

/// What the script is given: see its head.
#[derive(Default)]
struct ScriptCall {
    keys: Vec<Vec<u8>>,
    /// Each different quota once: interval, count.
    quotas: Vec<(i64, i64)>,
    /// Of each key the place of its quota.
    of_keys: Vec<i64>,
    groups: Vec<i64>,
}

impl ScriptCall {
    fn quota(&mut self, quota: Quota) -> i64 {
        let interval = i64::try_from(quota.interval_micros()).unwrap_or(i64::MAX);
        let quota = (interval, i64::from(quota.count));
        let known = self.quotas.iter().position(|known| *known == quota);
        let place = known.unwrap_or_else(|| {
            self.quotas.push(quota);
            self.quotas.len() - 1
        });
        i64::try_from(place).unwrap_or_default()
    }

    /// All numbers as one `MessagePack` array of 64-bit integers (its specification: `array 32`, `int 64`).
    fn argument(&self) -> Vec<u8> {
        let quotas = self
            .quotas
            .iter()
            .flat_map(|(interval, count)| [*interval, *count]);
        let first = i64::try_from(self.quotas.len()).unwrap_or_default();
        let rest = self.of_keys.iter().chain(&self.groups).copied();
        let numbers = 1 + 2 * self.quotas.len() + self.of_keys.len() + self.groups.len();
        let mut bytes = Vec::with_capacity(5 + 9 * numbers);
        bytes.push(0xdd);
        bytes.extend_from_slice(&u32::try_from(numbers).unwrap_or_default().to_be_bytes());
        for number in [first].into_iter().chain(quotas).chain(rest) {
            bytes.push(0xd3);
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        bytes
    }
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

    /// Runs all commands; the answer holds the decisions of each, none for what was given back.
    pub(super) async fn run(
        &self,
        link: &Link,
        commands: &[ScriptCommand],
    ) -> Result<Vec<Decisions>, RedisError> {
        if link.is_cluster() {
            let each = commands
                .iter()
                .map(|command| self.run_apart(link.clone(), command));
            return join_all(each).await.into_iter().collect();
        }
        self.run_together(link.clone(), commands).await
    }

    async fn run_together(
        &self,
        mut link: Link,
        commands: &[ScriptCommand],
    ) -> Result<Vec<Decisions>, RedisError> {
        let mut call = ScriptCall::default();
        let mut known =
            HashMap::with_capacity_and_hasher(commands.len() * 2, RandomState::default());
        for command in commands {
            let charges = command.charges();
            let n = i64::try_from(charges.len()).unwrap_or_default();
            call.groups.push(match command {
                ScriptCommand::Check(_) => n,
                ScriptCommand::GiveBack(_) => -n,
            });
            for charge in charges {
                let next = i64::try_from(known.len()).unwrap_or_default() + 1;
                let index = *known
                    .entry((charge.policy.tag(), charge.key))
                    .or_insert_with(|| {
                        call.keys.push(self.key(charge));
                        let quota = call.quota(charge.quota);
                        call.of_keys.push(quota);
                        next
                    });
                call.groups.push(index);
            }
        }
        if known.is_empty() {
            return Ok(vec![Decisions::new(); commands.len()]);
        }
        let flat = self.invoke(&mut link, &call).await?;
        let mut flat = flat.into_iter();
        let mut decide = |charge: &Charge| match flat.next() {
            Some(said) => Ok(Decision {
                policy: charge.policy,
                quota: charge.quota,
                ahead: (if said < 0 { -1 - said } else { said }).unsigned_abs(),
                allowed: said >= 0,
            }),
            None => Err(RedisError::from((
                redis::ErrorKind::UnexpectedReturnType,
                "the script's answer is too short",
            ))),
        };
        commands
            .iter()
            .map(|command| match command {
                ScriptCommand::Check(charges) => charges.iter().map(&mut decide).collect(),
                ScriptCommand::GiveBack(_) => Ok(Decisions::new()),
            })
            .collect()
    }

    /// Runs the script; on a cluster that is sent elsewhere, there.
    async fn invoke(&self, link: &mut Link, call: &ScriptCall) -> Result<Vec<i64>, RedisError> {
        let mut invocation = self.script.prepare_invoke();
        for key in &call.keys {
            invocation.key(key);
        }
        let argument = call.argument();
        invocation.arg(argument.as_slice());
        let refused = match invocation.invoke_async(link).await {
            Ok(flat) => return Ok(flat),
            Err(refused) => refused,
        };
        // With the script's text: that node may not know it yet.
        let mut command = redis::cmd("EVAL");
        command.arg(SCRIPT).arg(call.keys.len());
        command.arg(&call.keys).arg(argument.as_slice());
        match link.follow(&refused, command).await {
            Some(answer) => Ok(redis::from_redis_value(answer?)?),
            None => Err(refused),
        }
    }

    /// On a cluster: one call a key, in order; what was charged before a refusal is given back.
    async fn run_apart(
        &self,
        link: Link,
        command: &ScriptCommand,
    ) -> Result<Decisions, RedisError> {
        let mut decisions = Decisions::new();
        for (position, charge) in command.charges().iter().enumerate() {
            let one = match command {
                ScriptCommand::Check(_) => ScriptCommand::Check(vec![*charge]),
                ScriptCommand::GiveBack(_) => ScriptCommand::GiveBack(vec![*charge]),
            };
            decisions.extend(
                self.run_together(link.clone(), &[one])
                    .await?
                    .into_iter()
                    .flatten(),
            );
            if !admitted(&decisions) {
                for charged in command.charges().iter().take(position) {
                    self.run_together(link.clone(), &[ScriptCommand::GiveBack(vec![*charged])])
                        .await?;
                }
                break;
            }
        }
        Ok(decisions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_quota_is_named_once_and_numbers_are_message_pack() {
        let mut call = ScriptCall::default();
        let quota = |count| Quota {
            count,
            period: Duration::from_secs(60),
        };
        let places = [30, 300, 30].map(|count| call.quota(quota(count)));
        assert_eq!(places, [0, 1, 0]);
        call.of_keys.extend(places);
        call.groups.extend([2, 1, 2, -1, 3]);
        let bytes = call.argument();
        let numbers = [2, 2_000_000, 30, 200_000, 300, 0, 1, 0, 2, 1, 2, -1, 3];
        let (head, rest) = bytes.split_at(5);
        assert_eq!(head, [0xdd, 0, 0, 0, 13]);
        let read = rest.chunks(9).map(|bytes| {
            assert_eq!(bytes[0], 0xd3);
            i64::from_be_bytes(bytes[1..].try_into().expect("eight"))
        });
        assert_eq!(read.collect::<Vec<_>>(), numbers);
    }
}
