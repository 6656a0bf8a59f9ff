//! Commands and a server that start together on a folder with nothing in it: each succeeds.
use crate::harness::server::Home;
use crate::harness::{Backend, run};
use futures_util::future::join_all;

const ROUNDS: usize = 3;

#[test]
fn commands_started_together_succeed_on_sqlite() {
    run(async {
        for _ in 0..ROUNDS {
            let home = Home::new(Backend::Sqlite);
            home.write("more.json", "[{\"slug\":\"more\",\"name\":\"More\"}]");
            let setup = home.setup().generous();
            let migrate = ["migrate"].as_slice();
            let import = ["catalog", "import", "more.json"].as_slice();
            let commands = [migrate, import, migrate, import, migrate, import];
            let commands = commands.map(|arguments| setup.run_cli(arguments));
            let (server, finished) = tokio::join!(setup.start(), join_all(commands));
            for finished in finished {
                finished.success("beside the others");
            }
            let voter = server.client().visitor().await;
            let voted = server.client().put_vote(&voter, "more", "ship").await;
            assert!(matches!(voted.status, 201 | 404), "{}", voted.text);
            server.verify().await;
        }
    });
}
