//! [`Leader`]: of several instances on one Postgres, one does a piece of background work at a time.

use diesel::sql_types::Bool;
use diesel::{QueryResult, RunQueryDsl, sql_query};

use super::{DbConnection, Scalar};

/// What one instance does for all. The number is the key of an advisory lock: any that nothing else locks on the same database.
#[derive(Debug, Clone, Copy)]
#[repr(i64)]
pub enum Leader {
    /// The letters "DETECT".
    Detector = 0x44_45_54_45_43_54,
    /// The letters "FORGET".
    NetworkExpiry = 0x46_4f_52_47_45_54,
    /// The letters "tallylog".
    PublicLog = 0x7461_6c6c_796c_6f67,
    /// The letters "WEBHOOK".
    Webhooks = 0x0057_4542_484f_4f4b,
}

impl Leader {
    /// Whether `conn` leads; no other does while it is open. On SQLite there is one server, which does.
    pub fn try_lead(self, conn: &mut DbConnection) -> QueryResult<bool> {
        match conn {
            DbConnection::Sqlite(_) => Ok(true),
            DbConnection::Postgres(conn) => {
                let query = format!("SELECT pg_try_advisory_lock({})", self as i64);
                let is_locked: Scalar<Bool, bool> = sql_query(query).get_result(conn)?;
                Ok(is_locked.0)
            }
        }
    }
}
