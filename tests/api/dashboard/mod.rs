//! The dashboard from the outside, without a browser: who comes in, what every act says before it is done, and that nothing
//! else changes anything.
//!
//! It must never look for the pages' dress: only what a reader or a machine relies on.
mod access;
mod acts;
mod alerts;
mod audit;
mod bans;
mod bulk;
mod forms;
mod provider;
mod provider_refusals;
mod sessions;
mod sight;

use crate::harness::Backend;
use crate::harness::client::Answer;
use crate::harness::dashboard::{Session, posted, sign_in};
use crate::harness::server::Home;
use crate::moderation::Moderator;

/// A moderator who is signed in.
pub struct Dashboard {
    pub moderator: Moderator,
    pub session: Session,
}

impl Dashboard {
    pub async fn new(backend: Backend) -> Dashboard {
        Dashboard::at(Moderator::new(backend).await).await
    }

    pub async fn at(moderator: Moderator) -> Dashboard {
        let session = sign_in(&moderator.client, &moderator.token).await;
        Dashboard { moderator, session }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.session
            .with(self.moderator.client.get(path))
            .send()
            .await
    }

    pub async fn page(&self, path: &str) -> String {
        self.get(path).await.expect(200).text
    }

    /// A form of this session's own pages.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let fields = [&[("key", self.session.key.as_str())], fields].concat();
        let call = self.session.with(self.moderator.client.post(path));
        posted(call, &fields).send().await
    }

    /// The same; gives where it leads.
    pub async fn done(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let answer = self.post(path, fields).await.expect(303);
        answer.header("location").expect("an address").to_owned()
    }

    pub fn home(&self) -> &Home {
        self.moderator.server.home()
    }

    /// How much there is of everything that an act could change.
    pub fn everything(&self) -> Vec<i64> {
        [
            "count(*) AS n FROM audit",
            // One that was given up stays as a row that means nothing.
            "count(*) AS n FROM removals WHERE state < 3",
            "count(*) AS n FROM removals WHERE state = 1",
            "count(*) AS n FROM bans",
            "count(*) AS n FROM bans WHERE lifted_at IS NULL",
            "count(*) AS n FROM votes",
            "CAST(sum(version) AS bigint) AS n FROM tallies",
        ]
        .map(|what| self.home().number(&format!("SELECT {what}")))
        .to_vec()
    }
}

/// The text of the element that holds the field `name`.
pub fn field<'a>(page: &'a str, name: &str) -> &'a str {
    let mark = format!("data-field=\"{name}\">");
    let from = page
        .find(&mark)
        .unwrap_or_else(|| panic!("no {name} in\n{page}"))
        + mark.len();
    page[from..].split('<').next().expect("text")
}
