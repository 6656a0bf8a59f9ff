//! What the server runs on: the databases, Redis, telemetry, background threads, and the slots in which requests wait for another thread's reply.
//!
//! Every module above may use it; it knows none of them.

pub mod db;
pub mod log_limit;
pub mod private_files;
pub mod redis;
pub mod reply_slots;
pub mod stderr;
pub mod telemetry;
pub mod workers;
