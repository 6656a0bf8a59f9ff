//! x
use crate::report::Report;
pub async fn measure(_: &mut Report) {}
