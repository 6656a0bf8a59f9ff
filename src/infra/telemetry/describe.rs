//! What each metric says of itself in the Prometheus text. docs/metrics.md has the same, for readers. [`super::Metrics`] calls it
//! once.

pub(super) fn describe() {
    metrics::describe_counter!(
        "tallyship_http_requests_total",
        "Answers, by route and hundred of the status"
    );
    metrics::describe_counter!(
        "tallyship_commits_total",
        "Commits of votes; each is on disk"
    );
    metrics::describe_counter!(
        "tallyship_commit_failures_total",
        "Batches of votes that were not taken"
    );
    metrics::describe_histogram!("tallyship_commit_votes", "Votes in one commit");
    metrics::describe_histogram!(
        "tallyship_commit_seconds",
        "From a batch's begin to its commit"
    );
    metrics::describe_gauge!(
        "tallyship_limiter_keys",
        "Keys that the limiter in process holds"
    );
    metrics::describe_gauge!("tallyship_streams", "Open streams of live tallies");
    metrics::describe_counter!("tallyship_stream_events_total", "Tallies sent to listeners");
    metrics::describe_counter!("tallyship_votes_held_total", "Votes that were held back");
    metrics::describe_counter!(
        "tallyship_streams_let_go_total",
        "Listeners that took nothing for too long"
    );
    metrics::describe_counter!(
        "tallyship_challenges_total",
        "Calls that had to solve a challenge first, by what became of them"
    );
    metrics::describe_counter!("tallyship_alerts_total", "Alerts that were raised");
    metrics::describe_gauge!(
        "tallyship_detector_leads",
        "1 on the instance that detects, 0 on the others; absent where it is off"
    );
    metrics::describe_gauge!(
        "tallyship_detector_behind_seconds",
        "How old the newest votes were when the detector looked at them"
    );
    metrics::describe_counter!(
        "tallyship_webhooks_total",
        "Attempts to deliver to an endpoint of webhooks, by their outcome"
    );
    metrics::describe_gauge!(
        "tallyship_webhook_disabled",
        "1 while an endpoint of webhooks is disabled because it failed for days, else 0"
    );
    metrics::describe_gauge!(
        "tallyship_redis_up",
        "1 while Redis decides on quotas, 0 while it is lost; absent where none is set"
    );
    metrics::describe_gauge!(
        "tallyship_log_entries",
        "Entries of the public log under the checkpoint that is shown; absent without a log"
    );
    metrics::describe_gauge!(
        "tallyship_log_refused",
        "1 while the public log does not move and nothing is signed, else 0; absent without a log"
    );
    metrics::describe_gauge!(
        "tallyship_tally_drift",
        "Votes by which tallies differ from their recount; 0 is right"
    );
    metrics::describe_gauge!(
        "tallyship_recount_differences",
        "Differences of any kind that the last recount found; 0 is right"
    );
    metrics::describe_gauge!(
        "tallyship_recount_timestamp_seconds",
        "When the last whole recount ended, since 1970"
    );
    metrics::describe_gauge!(
        "tallyship_database_readable",
        "1 while tallies are fresh, 0 while they are shown as stale"
    );
    metrics::describe_gauge!(
        "tallyship_upkeep_timestamp_seconds",
        "When a task last left nothing to let go of, since 1970"
    );
    metrics::describe_gauge!(
        "tallyship_start_timestamp_seconds",
        "When the server started, since 1970"
    );
    metrics::describe_gauge!("tallyship_build_info", "1, with the version as a label");
}
