//! The tables as diesel sees them, one description for both databases. Only `db`, stores, the writer and its ledger use it.

diesel::table! {
    tools (id) {
        id -> Integer,
        slug -> Text,
        name -> Text,
        tagline -> Text,
        description -> Nullable<Text>,
        category -> Text,
        entry -> Text,
        url -> Text,
        updated_at -> BigInt,
        version -> BigInt,
    }
}

diesel::table! {
    tool_redirects (slug) {
        slug -> Text,
        tool_id -> Integer,
    }
}

diesel::table! {
    reviews (tool_id, position) {
        tool_id -> Integer,
        position -> Integer,
        reviewer -> Text,
        verdict -> SmallInt,
        summary -> Text,
    }
}

diesel::table! {
    tallies (tool_id) {
        tool_id -> Integer,
        ship -> BigInt,
        skip -> BigInt,
        panel_ship -> Integer,
        panel_skip -> Integer,
        state -> SmallInt,
        version -> BigInt,
        updated_at -> BigInt,
        aside_ship -> BigInt,
        aside_skip -> BigInt,
        period_end -> BigInt,
        revision -> BigInt,
    }
}

diesel::table! {
    votes (tool_id, voter) {
        tool_id -> Integer,
        voter -> Binary,
        choice -> SmallInt,
        cast_at -> BigInt,
        network -> Binary,
        token_age -> Integer,
        taken_out_by -> Nullable<BigInt>,
        origin -> Nullable<BigInt>,
        wide_origin -> Nullable<BigInt>,
        first_choice -> Nullable<SmallInt>,
        ballot -> Nullable<Binary>,
    }
}

diesel::table! {
    origin_sums (origin, tool_id) {
        origin -> BigInt,
        tool_id -> Integer,
        first_ship -> BigInt,
        first_skip -> BigInt,
        now_ship -> BigInt,
        now_skip -> BigInt,
        counted_ship -> BigInt,
        counted_skip -> BigInt,
        changed -> BigInt,
        trusted_until -> BigInt,
        sample -> Binary,
    }
}

diesel::table! {
    seen_changes (voter, tool_id, version) {
        voter -> Binary,
        tool_id -> Integer,
        version -> BigInt,
        old -> SmallInt,
        new -> SmallInt,
        at -> BigInt,
    }
}

diesel::table! {
    ledger_entries (seq) {
        seq -> BigInt,
        tool_id -> Integer,
        version -> BigInt,
        at -> BigInt,
        changes -> Binary,
    }
}

diesel::table! {
    ledger_voters (bucket, segment) {
        bucket -> SmallInt,
        segment -> BigInt,
        places -> Binary,
    }
}

diesel::table! {
    removals (id) {
        id -> BigInt,
        kind -> SmallInt,
        tool_id -> Integer,
        state -> SmallInt,
        span_from -> Nullable<BigInt>,
        span_to -> Nullable<BigInt>,
        voter -> Nullable<Binary>,
        network -> Nullable<Binary>,
        choice -> Nullable<SmallInt>,
        reason -> Text,
        made_by -> Text,
        made_at -> BigInt,
        ship -> BigInt,
        skip -> BigInt,
        networks -> BigInt,
        tally_before -> Text,
        tally_after -> Text,
        undone_at -> Nullable<BigInt>,
        undone_by -> Nullable<Text>,
        undo_reason -> Nullable<Text>,
    }
}

diesel::table! {
    merges (removal_id) {
        removal_id -> BigInt,
        tool_id -> Integer,
        into_tool -> Integer,
        state -> SmallInt,
        copied -> Binary,
    }
}

diesel::table! {
    merged_votes (removal_id, voter) {
        removal_id -> BigInt,
        tool_id -> Integer,
        voter -> Binary,
        choice -> SmallInt,
        cast_at -> BigInt,
        old_choice -> Nullable<SmallInt>,
        old_cast_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    bulk_events (tool_id, version) {
        tool_id -> Integer,
        version -> BigInt,
        removal_id -> BigInt,
        ship -> BigInt,
        skip -> BigInt,
        sketch -> BigInt,
        at -> BigInt,
    }
}

diesel::table! {
    tally_hours (tool_id, hour) {
        tool_id -> Integer,
        hour -> BigInt,
        ship -> BigInt,
        skip -> BigInt,
        aside_ship -> BigInt,
        aside_skip -> BigInt,
    }
}

diesel::table! {
    tokens (id) {
        id -> Binary,
        hash -> Binary,
        role -> SmallInt,
        name -> Text,
        created_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        expires_at -> Nullable<BigInt>,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sessions (hash) {
        hash -> Binary,
        token_id -> Binary,
        begun_at -> BigInt,
        seen_at -> BigInt,
    }
}

diesel::table! {
    audit (id) {
        id -> BigInt,
        at -> BigInt,
        actor -> Text,
        actor_id -> Text,
        role -> Text,
        act -> Text,
        subject -> Text,
        reason -> Text,
        before -> Text,
        after -> Text,
        previous -> Binary,
        hash -> Binary,
    }
}

diesel::table! {
    bans (id) {
        id -> BigInt,
        voter -> Nullable<Binary>,
        network -> Nullable<Binary>,
        reason -> Text,
        made_by -> Text,
        made_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        removal_id -> Nullable<BigInt>,
        lifted_at -> Nullable<BigInt>,
        lifted_by -> Nullable<Text>,
        ban_hash -> Nullable<Binary>,
    }
}

diesel::table! {
    alerts (id) {
        id -> BigInt,
        tool_id -> Integer,
        kind -> SmallInt,
        state -> SmallInt,
        score -> Integer,
        burst -> Integer,
        concentration -> Integer,
        freshness -> Integer,
        one_sidedness -> Integer,
        votes -> BigInt,
        ship -> BigInt,
        networks -> BigInt,
        fresh -> BigInt,
        usual -> BigInt,
        tools -> BigInt,
        span_from -> BigInt,
        span_to -> BigInt,
        choice -> Nullable<SmallInt>,
        network -> Binary,
        raised_at -> BigInt,
        updated_at -> BigInt,
        dismissed_at -> Nullable<BigInt>,
        dismissed_by -> Nullable<Text>,
        dismiss_reason -> Nullable<Text>,
        dismissed_votes -> BigInt,
        told_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    network_keys (day) {
        day -> BigInt,
        wrapped -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    site_facts (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    voters (id) {
        id -> Binary,
        name -> Text,
    }
}

diesel::table! {
    erased (hash) {
        hash -> Binary,
        at -> BigInt,
        ends_at -> Nullable<BigInt>,
        version -> BigInt,
    }
}

diesel::table! {
    renamed_votes (removal_id, voter) {
        removal_id -> BigInt,
        voter -> Binary,
    }
}

diesel::table! {
    hours_to_make (tool_id) {
        tool_id -> Integer,
    }
}

diesel::table! {
    spent (visitor, tool_id) {
        visitor -> Binary,
        tool_id -> Integer,
    }
}

diesel::table! {
    spent_solutions (id) {
        id -> Binary,
        expires_at -> BigInt,
    }
}

diesel::joinable!(spent -> tools (tool_id));
diesel::joinable!(tool_redirects -> tools (tool_id));
diesel::allow_tables_to_appear_in_same_query!(alerts, tools);
diesel::allow_tables_to_appear_in_same_query!(merges, tools);
diesel::allow_tables_to_appear_in_same_query!(merges, votes);
diesel::allow_tables_to_appear_in_same_query!(merged_votes, votes);
diesel::allow_tables_to_appear_in_same_query!(sessions, tokens);
diesel::allow_tables_to_appear_in_same_query!(votes, voters);
diesel::allow_tables_to_appear_in_same_query!(bans, removals);
diesel::allow_tables_to_appear_in_same_query!(removals, tools);
diesel::allow_tables_to_appear_in_same_query!(tools, tallies);
diesel::allow_tables_to_appear_in_same_query!(tools, reviews);
diesel::allow_tables_to_appear_in_same_query!(spent, tools);
diesel::allow_tables_to_appear_in_same_query!(tool_redirects, tools);

// The same table as `votes`, with what the public log reads of it.
diesel::table! {
    #[sql_name = "votes"]
    ballots (tool_id, voter) {
        tool_id -> Integer,
        voter -> Binary,
        choice -> SmallInt,
        taken_out_by -> Nullable<BigInt>,
        ballot -> Nullable<Binary>,
    }
}

diesel::table! {
    withdrawn_ballots (tool_id, voter) {
        tool_id -> Integer,
        voter -> Binary,
        ballot -> Binary,
    }
}

diesel::table! {
    log_journal (seq) {
        seq -> BigInt,
        record -> Binary,
    }
}

diesel::table! {
    logs (id) {
        id -> Integer,
        origin -> Text,
        verifier_key -> Text,
        size -> BigInt,
        checkpoint -> Text,
        indexed -> BigInt,
        follows -> Text,
    }
}

diesel::table! {
    log_tools (tool_id) {
        tool_id -> Integer,
        slug -> Text,
        named_ship -> BigInt,
        named_skip -> BigInt,
        unnamed_ship -> BigInt,
        unnamed_skip -> BigInt,
        held_ship -> BigInt,
        held_skip -> BigInt,
        ship -> BigInt,
        skip -> BigInt,
        version -> BigInt,
    }
}

diesel::table! {
    log_bundles (log_id, n) {
        log_id -> Integer,
        n -> BigInt,
        entries -> Binary,
    }
}

diesel::table! {
    log_tiles (log_id, level, n) {
        log_id -> Integer,
        level -> SmallInt,
        n -> BigInt,
        hashes -> Binary,
    }
}

diesel::table! {
    log_lists (log_id, hash) {
        log_id -> Integer,
        hash -> Binary,
        ballots -> Text,
    }
}

diesel::table! {
    log_index (log_id, bucket, segment) {
        log_id -> Integer,
        bucket -> SmallInt,
        segment -> BigInt,
        places -> Binary,
    }
}

diesel::table! {
    webhook_deliveries (id) {
        id -> BigInt,
        endpoint -> Text,
        event_id -> Text,
        event -> Text,
        tool -> Text,
        alert_id -> Nullable<BigInt>,
        payload -> Nullable<Text>,
        summary -> Text,
        state -> SmallInt,
        attempts -> Integer,
        created_at -> BigInt,
        next_at -> BigInt,
        failure -> Nullable<Text>,
    }
}

diesel::table! {
    webhook_failures (endpoint) {
        endpoint -> Text,
        failing_since -> BigInt,
        failures -> Integer,
        disabled_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    webhook_tallies (tool_id) {
        tool_id -> Integer,
        ship -> BigInt,
        skip -> BigInt,
        panel_ship -> Integer,
        panel_skip -> Integer,
        version -> BigInt,
        sent_at -> BigInt,
    }
}
