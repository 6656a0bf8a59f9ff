//! x
use crate::report::Report;
use crate::throughput::Peaks;
pub async fn measure(_: &mut Report, peaks: &Peaks) {
    let _ = (peaks.sqlite, peaks.postgres);
}
