//! Held votes in the model: fresh voters of one network who agree. [`MAX_NET`] of them count, the others are held, whatever each of
//! them does later. Moderators release and reject; resets, periods and erasures take held votes like any others.
//!
//! The networks stay one hand to the end, so the model needs no copy of the holding rule.
use super::{FAR_AWAY, ME, Model, TOOLS, Vote, Who};
use serde_json::json;

/// Votes of a network that count, of those that all agree.
const MAX_NET: usize = 20;
const HAND: usize = MAX_NET + 3;
/// Networks whose voters go on acting.
const MAX_HANDS: usize = 8;
const TOKENS_AT_ONCE: usize = HAND * 10;

/// Voters of one network who began with the same choice on one tool.
pub(super) struct Hand {
    tool: usize,
    network: String,
    members: Vec<Who>,
}

/// An address that nobody else has.
pub(super) fn address(id: usize) -> String {
    format!("10.{}.{}.{}", id >> 16 & 255, id >> 8 & 255, id & 255)
}

impl Model {
    pub(super) async fn hand(&mut self) {
        if self.hands.is_empty() || self.random(8) == 0 {
            self.new_hand().await;
            return;
        }
        let n = self.random(self.hands.len());
        let members = self.hands[n].members.len();
        if members == 0 {
            self.hands.remove(n);
            return;
        }
        let m = self.random(members);
        match self.random(8) {
            0..=3 => self.member_votes(n, m).await,
            4 | 5 => self.member_withdraws(n, m).await,
            6 => self.member_signs_in(n, m).await,
            _ => self.member_is_erased(n, m).await,
        }
    }

    async fn new_hand(&mut self) {
        if self.unused.len() < HAND {
            let fresh = self.servers[0].setup.mint(TOKENS_AT_ONCE).await;
            self.unused.extend(fresh);
        }
        let (tool, network) = (self.random(2), address(self.one_more()));
        let choice = ["ship", "skip"][self.random(2)];
        let mut members = Vec::new();
        for nth in 0..HAND {
            let (id, token) = (self.one_more(), self.unused.pop().expect("minted"));
            let (who, client) = (Who::Visitor(id), self.client());
            let call = client.vote(&token, TOOLS[tool], choice);
            let answer = call.header("x-forwarded-for", &network).send().await;
            let answer = answer.expect(201);
            self.cast(tool, who, choice, &answer.json);
            if nth >= MAX_NET {
                self.held.insert((tool, who), false);
            }
            self.tokens.insert(id, token);
            members.push(who);
        }
        if self.hands.len() == MAX_HANDS {
            self.hands.remove(0);
        }
        self.hands.push(Hand {
            tool,
            network,
            members,
        });
    }

    /// The token of whoever is not erased.
    pub(super) fn token(&self, who: Who) -> String {
        let known = match who {
            Who::User(id) => Some(self.user_token(id)),
            Who::Visitor(id) => self.tokens.get(&id).cloned(),
            Who::Nobody(_) => None,
        };
        known.expect("one who can act")
    }

    /// Whether an import gave a withdrawn vote back: it does, but for what the holding rule still knows of its voter.
    pub(super) async fn came_back(&mut self, tool: usize, who: Who, line: &Vote) -> bool {
        let one = self
            .visitors
            .iter()
            .find(|(id, _)| Who::Visitor(*id) == who);
        let token = one.map_or_else(|| self.token(who), |(_, token)| token.clone());
        let own = self
            .client()
            .get_vote(&token, TOOLS[tool])
            .await
            .expect(200);
        let choice = &own.json["vote"]["choice"];
        assert!(
            choice.is_null() || *choice == line.choice,
            "{choice} came back"
        );
        !choice.is_null()
    }

    async fn member_votes(&mut self, n: usize, m: usize) {
        let (tool, who) = (self.hands[n].tool, self.hands[n].members[m]);
        let choice = ["ship", "skip"][self.random(2)];
        // What is held stays so from whatever network.
        let network = match self.random(2) {
            0 => self.hands[n].network.clone(),
            _ => address(self.one_more()),
        };
        let path = format!("/v1/tools/{}/vote", TOOLS[tool]);
        let call = self.client().put(&path).json(&json!({ "choice": choice }));
        let call = call.header("x-forwarded-for", &network);
        let answer = call.bearer(&self.token(who)).send().await;
        assert!(answer.success(), "{}", answer.text);
        self.cast(tool, who, choice, &answer.json);
    }

    async fn member_withdraws(&mut self, n: usize, m: usize) {
        let (tool, who) = (self.hands[n].tool, self.hands[n].members[m]);
        let (client, token) = (self.client(), self.token(who));
        client.delete_vote(&token, TOOLS[tool]).await.expect(200);
        self.votes.remove(&(tool, who));
    }

    /// As a user whom nobody has seen before: the vote goes along, held or not.
    async fn member_signs_in(&mut self, n: usize, m: usize) {
        let (tool, who) = (self.hands[n].tool, self.hands[n].members[m]);
        let Who::Visitor(visitor) = who else { return };
        let Some(vote) = self.votes.remove(&(tool, who)) else {
            return;
        };
        let user = self.one_more();
        let path = format!("/v1/tools/{}/vote", TOOLS[tool]);
        let cookie = format!("tallyship-visitor={}", self.token(who));
        let call = self.client().get(&path).bearer(&self.user_token(user));
        call.header("cookie", &cookie).send().await.expect(200);
        self.linked.insert((tool, visitor));
        self.votes.insert((tool, Who::User(user)), vote);
        if let Some(rejected) = self.held.remove(&(tool, who)) {
            self.held.insert((tool, Who::User(user)), rejected);
        }
        self.hands[n].members[m] = Who::User(user);
    }

    async fn member_is_erased(&mut self, n: usize, m: usize) {
        let who = self.hands[n].members.remove(m);
        let call = self.client().delete(ME).bearer(&self.token(who));
        call.send().await.expect(200);
        self.forget(who);
    }

    /// Moderators release or reject all that is held on a tool, or release what was rejected.
    pub(super) async fn settle(&mut self) {
        let tool = self.random(2);
        let (act, rejected) =
            [("release", false), ("reject", false), ("release", true)][self.random(3)];
        let body = json!({
            "tool": TOOLS[tool],
            "rejected": rejected,
            "reason": "random",
            "to": FAR_AWAY,
        });
        let answer = self.moderate(&format!("/held/{act}"), body).await;
        let waiting = self.held.iter().filter(|((of, who), was)| {
            *of == tool && **was == rejected && self.votes.contains_key(&(tool, *who))
        });
        let meant: Vec<Who> = waiting.map(|((_, who), _)| *who).collect();
        assert_eq!(answer["matched"], meant.len(), "{act} of what is held");
        for who in meant {
            if act == "reject" {
                self.held.insert((tool, who), true);
                continue;
            }
            self.held.remove(&(tool, who));
            let cast_at = self.votes[&(tool, who)].cast_at.clone();
            let covering = self.covering(tool, &cast_at);
            let vote = self.votes.get_mut(&(tool, who)).expect("there");
            vote.aside = vote.aside.or(covering);
            // Cast anew, its vote would be judged as a new one's.
            for hand in &mut self.hands {
                hand.members.retain(|member| *member != who);
            }
        }
    }
}
