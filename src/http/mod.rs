//! HTTP: the connection below it, requests read with bounds, and problem documents.
//!
//! Every route, extractor and page uses it. It knows nothing of votes.

pub mod connection;
pub mod problem;
pub mod request;
