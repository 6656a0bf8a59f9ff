//! Tools that get another slug: what stays, where former addresses lead, and which slugs are free, on both databases.
use crate::harness::client::{Answer, Client};
use crate::harness::server::{Home, Server};
use crate::harness::stream::Stream;
use crate::harness::{Backend, eventually};
use crate::moderation::{Moderator, OTHER, TOOL, staff};
use serde_json::{Value, json};
use std::time::Duration;

crate::both!(
    everything_of_a_tool_stays,
    former_slugs_lead_to_the_newest,
    lists_answer_under_the_slug_asked_for,
    a_former_slug_is_taken_only_when_it_is_freed,
    commands_know_former_slugs,
);

const SOON: Duration = Duration::from_secs(20);

/// The site's token at work.
struct Site {
    client: Client,
    token: String,
}

impl Site {
    async fn at(server: &Server) -> Site {
        Site {
            client: server.client(),
            token: staff(server, "site").await,
        }
    }

    async fn rename(&self, from: &str, to: &str) -> Answer {
        let call = self.client.post(&format!("/v1/tools/{from}/rename"));
        let call = call.bearer(&self.token);
        call.json(&json!({ "slug": to })).send().await
    }

    async fn put(&self, slug: &str) -> Answer {
        let call = self.client.put(&format!("/v1/tools/{slug}"));
        let call = call.bearer(&self.token);
        call.json(&json!({"name": "Another"})).send().await
    }

    async fn free(&self, slug: &str) -> Answer {
        let call = self.client.delete(&format!("/v1/redirects/{slug}"));
        call.bearer(&self.token).send().await
    }

    async fn get(&self, path: &str) -> Value {
        self.client.get(path).send().await.expect(200).json
    }
}

async fn server(backend: Backend) -> Server {
    Home::new(backend).setup().generous().start().await
}

async fn everything_of_a_tool_stays(backend: Backend) {
    let moderator = Moderator::new(backend).await;
    let site = Site::at(&moderator.server).await;
    let voters = moderator.voters("ship", 3).await;
    moderator.voters("skip", 2).await;
    let reset = moderator.reset(json!({"choice": "skip"})).await;
    let reset = reset.expect(201).json;
    let before = site.get(&format!("/v1/tools/{TOOL}")).await;
    let history = site.get(&format!("/v1/tools/{TOOL}/history")).await;
    let plan = json!({"choice": "ship", "dry_run": true});
    let plan = moderator.reset(plan).await.expect(200).json["plan"].clone();
    let renamed = site.rename(TOOL, "codestral-3").await.expect(200).json;
    let planned = json!({"choice": "ship", "dry_run": true, "plan": plan});
    moderator.reset(planned).await.expect(200);
    let version = before["tally"]["version"].as_i64().expect("a version");
    let mut expected = before.clone();
    expected["slug"] = json!("codestral-3");
    expected["tally"]["tool"] = json!("codestral-3");
    expected["tally"]["version"] = json!(version + 1);
    expected["tally"]["updated_at"] = renamed["tally"]["updated_at"].clone();
    assert_eq!(renamed, expected, "panel, votes and state stay");
    assert_eq!(site.get("/v1/tools/codestral-3").await, expected);
    let now = site.get("/v1/tools/codestral-3/history").await;
    assert_eq!(now["points"], history["points"]);
    let own = moderator.client.get_vote(&voters[0], "codestral-3").await;
    assert_eq!(own.json["vote"]["tool"], "codestral-3");
    assert_eq!(own.json["vote"]["choice"], "ship");
    let held = moderator.client.get("/v1/visitors/me").bearer(&voters[0]);
    let held = held.send().await.expect(200);
    assert!(held.text.contains("codestral-3"), "{}", held.text);
    // One vote a voter, as before, and the reset can be undone.
    let again = moderator
        .client
        .put_vote(&voters[0], "codestral-3", "skip")
        .await;
    again.expect(200);
    moderator.undo(&reset["id"]).await.expect(200);
    assert_eq!(moderator.client.counts("codestral-3").await, (2, 3));
    let resets = moderator.get("/resets").await;
    assert_eq!(resets["items"][0]["tool"], "codestral-3");
    // Moderators may name it as before.
    let votes = moderator.get(&format!("/votes?tool={TOOL}")).await;
    assert_eq!(votes["items"][0]["tool"], "codestral-3");
    moderator.reset(json!({"choice": "skip"})).await.expect(201);
    let audit = moderator.get("/audit").await;
    let entries = audit["items"].as_array().expect("entries");
    let entry = entries
        .iter()
        .find(|entry| entry["act"] == "tool.rename")
        .expect("an entry");
    assert_eq!(
        (&entry["subject"], &entry["before"], &entry["after"]),
        (
            &json!("codestral-3"),
            &json!({"slug": TOOL}),
            &json!({"slug": "codestral-3"})
        )
    );
    moderator.server.verify().await;
}

async fn former_slugs_lead_to_the_newest(backend: Backend) {
    let mut server = server(backend).await;
    let site = Site::at(&server).await;
    let voter = site.client.visitor().await;
    site.client.put_vote(&voter, TOOL, "ship").await.expect(201);
    site.rename(TOOL, "second").await.expect(200);
    site.rename("second", "third").await.expect(200);
    let leads = async |path: &str, target: &str| {
        let answer = site.client.get(path).send().await.expect(308);
        assert_eq!(answer.header("location"), Some(target));
        site.client.get(target).send().await.expect(200)
    };
    for former in [TOOL, "second"] {
        leads(
            &format!("/v1/tools/{former}/tally"),
            "/v1/tools/third/tally",
        )
        .await;
        let pair = format!("/compare/{OTHER}-vs-{former}");
        leads(&pair, &format!("/compare/{OTHER}-vs-third")).await;
    }
    let raw = format!("/v1/tools/{TOOL}/tally?include=set-aside");
    leads(&raw, "/v1/tools/third/tally?include=set-aside").await;
    let page = leads(&format!("/tools/{TOOL}"), "/tools/third").await;
    assert!(!page.text.contains(&format!("/tools/{TOOL}\"")), "a link");
    // A page of another site may follow: the redirect has what its browser asks for.
    let call = site.client.vote(&voter, TOOL, "skip");
    let vote = call.header("origin", &server.url).send().await.expect(308);
    assert_eq!(vote.header("location"), Some("/v1/tools/third/vote"));
    assert_eq!(
        vote.header("access-control-allow-origin"),
        Some(server.url.as_str())
    );
    assert_eq!(site.client.counts("third").await, (1, 0), "nothing is cast");
    site.client
        .put_vote(&voter, "third", "skip")
        .await
        .expect(200);
    // Back to its own former slug.
    site.rename("third", "second").await.expect(200);
    leads("/v1/tools/third", "/v1/tools/second").await;
    leads(&format!("/v1/tools/{TOOL}"), "/v1/tools/second").await;
    let same = site.rename("second", "second").await.expect(200);
    assert_eq!(same.json["tally"], site.client.tally("second").await);
    server.restart().await;
    let client = server.client();
    let moved = client.get("/badge/third.svg").send().await.expect(308);
    assert_eq!(moved.header("location"), Some("/badge/second.svg"));
    assert_eq!(client.counts("second").await, (0, 1));
    server.verify().await;
}

async fn lists_answer_under_the_slug_asked_for(backend: Backend) {
    let server = server(backend).await;
    let site = Site::at(&server).await;
    let voter = site.client.visitor().await;
    let tallies = format!("/v1/tallies?tools={TOOL},second,{OTHER}");
    assert_eq!(site.get(&tallies).await["missing"], json!(["second"]));
    let mut stream = Stream::of(&server.url, TOOL).await;
    assert_eq!(stream.tally(SOON).await.data["tool"], TOOL);
    site.rename(TOOL, "second").await.expect(200);
    // A listener from before hears of the tool under the slug that it knows.
    let renamed = stream.tally(SOON).await;
    assert_eq!(renamed.data["tool"], TOOL);
    assert_eq!(renamed.id, format!("{TOOL}:{}", renamed.version()));
    site.client
        .put_vote(&voter, "second", "ship")
        .await
        .expect(201);
    let voted = stream.tally(SOON).await;
    let mut now = site.client.tally("second").await;
    let shown = site.get(&tallies).await;
    assert_eq!(shown["tallies"][1], now);
    now["tool"] = json!(TOOL);
    assert_eq!(voted.data, now);
    assert_eq!(shown["tallies"][0], now);
    assert_eq!(shown["missing"], Value::Null);
    let raw = site.get(&format!("{tallies}&include=set-aside")).await;
    assert_eq!(raw["tallies"][0]["tool"], TOOL);
    assert_eq!(raw["tallies"][0]["raw"]["ship"], 1);
    let own = site.client.get(&format!("/v1/votes?tools={TOOL},second"));
    let own = own.bearer(&voter).send().await.expect(200).json;
    for (at, tool) in [(0, TOOL), (1, "second")] {
        assert_eq!(own["items"][at]["tool"], tool);
        assert_eq!(own["items"][at]["choice"], "ship");
    }
    let mut both = Stream::of(&server.url, &format!("{TOOL},second")).await;
    let mut names =
        [both.tally(SOON).await, both.tally(SOON).await].map(|event| event.data["tool"].clone());
    names.sort_by_key(Value::to_string);
    assert_eq!(names, [json!(TOOL), json!("second")]);
    // What shows the catalogue has the present slug.
    let compared = site.get(&format!("/v1/compare?tools={TOOL},{OTHER}")).await;
    assert_eq!(compared["tools"][0]["slug"], "second");
    let page = format!("{}/tools/{TOOL}", server.url);
    let oembed = site.client.get(&format!("/oembed?url={page}"));
    let oembed = oembed.send().await.expect(200);
    assert!(oembed.text.contains("/embed/second"), "{}", oembed.text);
    let pair = format!("/compare?a={TOOL}&b={OTHER}");
    let chosen = site.client.get(&pair).send().await.expect(303);
    let target = format!("/compare/second-vs-{OTHER}");
    assert_eq!(chosen.header("location"), Some(target.as_str()));
    let listed = site.client.get("/v1/tools").send().await.expect(200);
    assert!(!listed.text.contains(&format!("\"{TOOL}\"")), "listed once");
}

async fn a_former_slug_is_taken_only_when_it_is_freed(backend: Backend) {
    let server = server(backend).await;
    let site = Site::at(&server).await;
    let voter = site.client.visitor().await;
    site.client.put_vote(&voter, TOOL, "ship").await.expect(201);
    site.rename("nothing-there", "second")
        .await
        .problem(404, "unknown-tool");
    for bad in ["", "Second", "a--b", &"a".repeat(65)] {
        let refused = site.rename(TOOL, bad).await.problem(422, "invalid");
        assert!(refused.text.contains("slug"), "{}", refused.text);
    }
    site.rename(TOOL, OTHER).await.problem(409, "conflict");
    site.rename(TOOL, "second").await.expect(200);
    let refused = site.put(TOOL).await.problem(409, "conflict");
    assert!(refused.text.contains("second"), "{}", refused.text);
    let many = site.client.post("/v1/tools").bearer(&site.token);
    let many = many.json(&json!([{"slug": "fresh", "name": "F"}, {"slug": TOOL, "name": "T"}]));
    many.send().await.problem(409, "conflict");
    site.client
        .get("/v1/tools/fresh")
        .send()
        .await
        .problem(404, "unknown-tool");
    site.rename(OTHER, TOOL).await.problem(409, "conflict");
    let voter_only = site.client.delete(&format!("/v1/redirects/{TOOL}"));
    voter_only.send().await.problem(401, "token-required");
    for slug in ["second", "never", "NO"] {
        site.free(slug).await.problem(404, "not-found");
    }
    let freed = site.free(TOOL).await.expect(200);
    assert_eq!(freed.json, json!({"slug": TOOL, "tool": "second"}));
    site.client
        .get(&format!("/v1/tools/{TOOL}/tally"))
        .send()
        .await
        .problem(404, "unknown-tool");
    let missing = site.get(&format!("/v1/tallies?tools={TOOL}")).await;
    assert_eq!(missing["missing"], json!([TOOL]));
    // Another tool of that slug begins with nothing.
    site.put(TOOL).await.expect(201);
    assert_eq!(site.client.counts(TOOL).await, (0, 0));
    assert_eq!(site.client.counts("second").await, (1, 0));
    let own = site.client.get_vote(&voter, TOOL).await.expect(200);
    assert_eq!(own.json["vote"]["choice"], Value::Null);
    site.rename("second", TOOL).await.problem(409, "conflict");
    // The other way round: a tool takes the freed slug by renaming.
    site.rename(TOOL, "third").await.expect(200);
    site.free(TOOL).await.expect(200);
    site.rename("second", TOOL).await.expect(200);
    assert_eq!(site.client.counts(TOOL).await, (1, 0));
    server.verify().await;
}

async fn commands_know_former_slugs(backend: Backend) {
    let server = server(backend).await;
    let site = Site::at(&server).await;
    site.rename(TOOL, "second").await.expect(200);
    let home = server.home();
    home.write(
        "votes.csv",
        format!("tool,voter,choice,cast_at\n{TOOL},a,ship,2024-01-01T00:00:00Z\n"),
    );
    let done = server.run_cli(&["import", "votes", "votes.csv"]).await;
    done.success("import of votes under a former slug");
    eventually("the import is shown", SOON * 2, async || {
        site.client.counts("second").await == (1, 0)
    })
    .await;
    home.write(
        "tools.json",
        json!([{"slug": "fresh", "name": "F"}, {"slug": TOOL, "name": "T"}]).to_string(),
    );
    let refused = server.run_cli(&["catalog", "import", "tools.json"]).await;
    assert_eq!(refused.code(), 1, "{}", refused.stderr);
    assert!(
        refused.stderr.contains(TOOL) && refused.stderr.contains("second"),
        "{}",
        refused.stderr
    );
    let featured = server.setup.clone();
    let featured = featured.env("TALLYSHIP_PAGES__FEATURED", format!("{TOOL},{OTHER}"));
    let checked = featured.run_cli(&["config", "check"]).await;
    checked.success("a featured tool that was renamed");
    let exported = server.run_cli(&["export", "votes"]).await;
    assert!(exported.stdout.contains("second,"), "{}", exported.stdout);
    let backup = server.run_cli(&["backup", "copy"]).await;
    backup.success("backup");
    site.free(TOOL).await.expect(200);
    server.sigterm(SOON * 4).await;
    let restored = server.run_cli(&["restore", "copy"]).await;
    restored.success("restore");
    let server = server.setup.start().await;
    let moved = server.client().get(&format!("/tools/{TOOL}")).send().await;
    assert_eq!(moved.expect(308).header("location"), Some("/tools/second"));
    server.verify().await;
}

/// Two instances: what one renames, the other shows within a second.
#[test]
fn another_instance_follows_on_postgres() {
    crate::harness::run(async {
        let home = Home::new(Backend::Postgres);
        let one = home.setup().generous().start().await;
        let two = home.setup().generous().start().await;
        let (site, there) = (Site::at(&one).await, two.client());
        let voter = there.visitor().await;
        there.put_vote(&voter, TOOL, "ship").await.expect(201);
        let mut stream = Stream::of(&two.url, TOOL).await;
        stream.tally(SOON).await;
        site.rename(TOOL, "second").await.expect(200);
        let path = "/v1/tools/second";
        // Promised within a second; the machine may be slow.
        eventually("the rename is shown", SOON, async || {
            there.get(path).send().await.status == 200
        })
        .await;
        let shown = there.get(path).send().await.expect(200).json;
        assert_eq!(shown["tally"], site.client.tally("second").await);
        let moved = there.get(&format!("/v1/tools/{TOOL}")).send().await;
        assert_eq!(moved.expect(308).header("location"), Some(path));
        assert_eq!(stream.tally(SOON).await.data["tool"], TOOL);
        // A new tool takes the freed slug there, and the two are told apart.
        site.free(TOOL).await.expect(200);
        site.put(TOOL).await.expect(201);
        eventually("the new tool is shown", SOON, async || {
            let tally = there.get(&format!("/v1/tools/{TOOL}/tally")).send().await;
            tally.status == 200 && tally.json["community"]["votes"] == 0
        })
        .await;
        assert_eq!(there.counts("second").await, (1, 0));
        one.verify().await;
    });
}
