//! The short way of a batch on Postgres: taken while nobody else writes, given up where somebody did, and never seen by a
//! caller but in its pace.
use crate::harness::server::{Home, Server};
use crate::harness::{Backend, eventually, run};
use std::time::Duration;

const TOOL: &str = "codestral-2";
const ID: &str = "(SELECT id FROM tools WHERE slug = 'codestral-2')";
/// Postgres tells of its functions' calls once a second at most.
const TOLD: Duration = Duration::from_secs(30);

/// A server whose database counts the calls of its functions.
async fn counted() -> Server {
    let setup = Home::new(Backend::Postgres).setup().generous();
    setup.home.execute(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET track_functions = pl', current_database()); END $$",
    );
    setup.start().await
}

/// How often a function has been called.
fn calls(server: &Server, function: &str) -> i64 {
    server.home().number(&format!(
        "SELECT coalesce(max(calls), 0)::bigint AS n FROM pg_stat_user_functions WHERE funcname = '{function}'"
    ))
}

async fn reaches(server: &Server, function: &str, least: i64) {
    eventually(function, TOLD, async || calls(server, function) >= least).await;
}

#[test]
fn votes_go_the_short_way_until_somebody_else_writes() {
    run(async {
        let server = counted().await;
        let client = server.client();
        let voters = server.setup.mint(40).await;
        for voter in &voters[..20] {
            client.put_vote(voter, TOOL, "ship").await.expect(201);
        }
        reaches(&server, "write_batch", 18).await;
        let careful = calls(&server, "read_batch");
        assert!(careful <= 2, "the first vote of an hour alone: {careful}");

        // Whoever changes a tally raises its version or its revision.
        let home = server.home();
        home.execute("UPDATE tallies SET revision = revision + 1");
        for voter in &voters[20..] {
            client.put_vote(voter, TOOL, "skip").await.expect(201);
        }
        reaches(&server, "read_batch", careful + 1).await;
        assert_eq!(client.counts(TOOL).await, (20, 20));

        // What it knows of old votes is read, not presumed.
        client.put_vote(&voters[0], TOOL, "skip").await.expect(200);
        client.delete_vote(&voters[1], TOOL).await.expect(200);
        client.delete_vote(&voters[1], TOOL).await.expect(200);
        client.put_vote(&voters[1], TOOL, "skip").await.expect(201);
        assert_eq!(client.counts(TOOL).await, (18, 22));
        server.verify().await;
    });
}

#[test]
fn a_vote_that_came_by_another_way_is_no_new_one() {
    run(async {
        let setup = Home::new(Backend::Postgres).setup().generous();
        let (here, there) = (setup.start().await, setup.start().await);
        let voters = setup.mint(30).await;
        for (n, voter) in voters.iter().enumerate() {
            // Each instance has tallies that the other moved, and meets voters that it has not seen.
            let (first, then) = if n % 2 == 0 {
                (&here, &there)
            } else {
                (&there, &here)
            };
            let (first, then) = (first.client(), then.client());
            first.put_vote(voter, TOOL, "ship").await.expect(201);
            if n % 3 == 0 {
                then.delete_vote(voter, TOOL).await.expect(200);
                then.put_vote(voter, TOOL, "skip").await.expect(201);
            } else {
                then.put_vote(voter, TOOL, "skip").await.expect(200);
            }
        }
        assert_eq!(here.client().counts(TOOL).await, (0, 30));
        here.verify().await;
        // A new start has seen nobody.
        here.sigterm(Duration::from_secs(30)).await;
        let anew = setup.start().await;
        for voter in &voters[..10] {
            let again = anew.client().put_vote(voter, TOOL, "ship").await;
            again.expect(200);
        }
        assert_eq!(anew.client().counts(TOOL).await, (10, 20));
        anew.verify().await;
    });
}

/// The statement itself, with a new vote on a tally as it is known; what is refused changes nothing.
#[test]
fn the_statement_refuses_what_is_not_as_it_was_known() {
    run(async {
        let server = Server::new(Backend::Postgres).await;
        let voter = server.setup.mint(1).await;
        let client = server.client();
        client.put_vote(&voter[0], TOOL, "ship").await.expect(201);
        let home = server.home();
        let try_it = |xmin: &str, voter: &str, gone: &str, same: bool| {
            let known = format!("ARRAY[{ID}], ARRAY[{xmin}]");
            let moves = format!(
                "ARRAY[{xmin}], ARRAY[{ID}], ARRAY[1]::bigint[], ARRAY[1]::bigint[], ARRAY[9]::bigint[], \
                 ARRAY[1]::bigint[], ARRAY[0]::bigint[], ARRAY[0]::bigint[]"
            );
            let (known, moves) = if same {
                (
                    known.as_str(),
                    "'{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'",
                )
            } else {
                ("'{}', '{}'", moves.as_str())
            };
            home.number(&format!(
                "SELECT coalesce(write_unmoved({known}, ARRAY[{ID}], ARRAY[{voter}], ARRAY[1]::smallint[], \
                 ARRAY[1]::bigint[], ARRAY['']::bytea[], ARRAY[0], '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', {gone}, \
                 '{{}}', '{{}}', '{{}}', '{{}}', {moves}), -1) AS n"
            ))
        };
        let votes = || home.number("SELECT count(*) AS n FROM votes");
        let known = format!("(SELECT xmin::text::bigint FROM tallies WHERE tool_id = {ID})");
        let (new, none) = ("'\\x01'::bytea", "'{}', '{}'");
        let there = "(SELECT voter FROM votes)";
        let missing = format!("ARRAY[{ID}], ARRAY['\\x02'::bytea]");
        let version = || {
            home.number(&format!(
                "SELECT version AS n FROM tallies WHERE tool_id = {ID}"
            ))
        };
        let before = version();
        for same in [true, false] {
            let refused = |xmin: &str, voter: &str, gone: &str, why: &str| {
                assert_eq!(try_it(xmin, voter, gone, same), -1, "{why}");
                assert_eq!((votes(), version()), (1, before), "{why}");
            };
            refused(&format!("{known} - 1"), new, none, "the tally moved");
            refused(&known, there, none, "the vote is there");
            refused(&known, new, &missing, "there is none to delete");
        }
        assert_eq!(try_it(&known, new, none, true), 0, "all is as it was known");
        assert_eq!((votes(), version()), (2, before));
        let other = "'\\x03'::bytea";
        let written = try_it(&known, other, none, false);
        assert_eq!(
            written,
            home.number(&format!("SELECT {known} AS n")),
            "it says which write it was"
        );
        assert_eq!((votes(), version()), (3, 9));
    });
}

/// Two writers that mean the same two tools crosswise, each one of them only to look at: whoever comes second is told.
/// Locked in two orders, they waited for each other until Postgres ended one of them, whose voters were answered 503.
#[test]
fn writers_that_mean_tools_crosswise_do_not_wait_for_each_other() {
    run(async {
        let server = Server::new(Backend::Postgres).await;
        let home = server.home();
        let ids = "(SELECT id FROM tools ORDER BY id LIMIT 2)";
        let [first, second] = ["min", "max"].map(|end| {
            home.number(&format!(
                "SELECT {end}(id)::bigint AS n FROM tools WHERE id IN {ids}"
            ))
        });
        let crosswise = |same: i64, moved: i64| {
            let xmin = |tool: i64| {
                home.number(&format!(
                    "SELECT xmin::text::bigint AS n FROM tallies WHERE tool_id = {tool}"
                ))
            };
            let none = ["'{}'"; 18].join(", ");
            format!(
                "SELECT coalesce(write_unmoved(ARRAY[{same}], ARRAY[{}]::bigint[], {none}, ARRAY[{}]::bigint[], ARRAY[{moved}], \
                 ARRAY[1]::bigint[], ARRAY[1]::bigint[], ARRAY[9]::bigint[], ARRAY[1]::bigint[], ARRAY[0]::bigint[], \
                 ARRAY[0]::bigint[]), -1) AS n",
                xmin(same),
                xmin(moved)
            )
        };
        let calls = [crosswise(second, first), crosswise(first, second)];
        let free = format!(
            "SELECT count(*) AS n FROM (SELECT 1 FROM tallies WHERE tool_id IN {ids} FOR UPDATE SKIP LOCKED) AS free"
        );
        // Holds both until both writers wait.
        let hold = format!(
            "DO $$ BEGIN PERFORM 1 FROM tallies WHERE tool_id IN {ids} FOR UPDATE; \
             WHILE (SELECT count(*) FROM pg_stat_activity \
                    WHERE datname = current_database() AND wait_event_type = 'Lock') < 2 LOOP \
                 PERFORM pg_sleep(0.01), pg_stat_clear_snapshot(); \
             END LOOP; END $$"
        );
        let written: Vec<bool> = std::thread::scope(|scope| {
            scope.spawn(|| home.execute(&hold));
            while home.number(&free) > 0 {
                std::thread::yield_now();
            }
            let calls = calls
                .iter()
                .map(|call| scope.spawn(|| home.number(call) >= 0));
            let calls: Vec<_> = calls.collect();
            let ended = calls.into_iter().map(|call| call.join());
            ended.map(|ended| ended.expect("no deadlock")).collect()
        });
        assert!(written[0] != written[1], "one of them: {written:?}");
    });
}

/// An act that changes nothing is answered with the tally that its batch read, not with what its instance had published.
#[test]
fn an_act_repeated_on_another_instance_is_answered_with_no_older_tally() {
    run(async {
        let first = Home::new(Backend::Postgres)
            .setup()
            .generous()
            .start()
            .await;
        let second = first.setup.start().await;
        let [here, there] = [first.client(), second.client()];
        for voter in first.setup.mint(20).await {
            let cast = here.put_vote(&voter, TOOL, "ship").await.expect(201);
            let again = there.put_vote(&voter, TOOL, "ship").await.expect(200);
            let withdrawn = here.delete_vote(&voter, TOOL).await.expect(200);
            let nothing_left = there.delete_vote(&voter, TOOL).await.expect(200);
            for (before, after) in [(&cast, &again), (&withdrawn, &nothing_left)] {
                assert_eq!(before.json["tally"], after.json["tally"]);
            }
        }
        first.verify().await;
    });
}
