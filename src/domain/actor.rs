//! [`Actor`]: who does a privileged act, as the audit chain names it.

/// A staff token, a command at the machine, or a rule of the server's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The token's name, `command`, or `rule`.
    pub name: String,
    /// The token's id, the command, or the rule.
    pub id: String,
    /// `site`, `moderator`, `admin`, `command`, or `rule`.
    pub role: &'static str,
}

impl Actor {
    /// A command, such as `catalog import`.
    pub fn command(name: &str) -> Self {
        Self {
            name: "command".to_owned(),
            id: name.to_owned(),
            role: "command",
        }
    }

    /// A rule that the server follows by itself, such as `all-clear`.
    pub fn rule(name: &str) -> Self {
        Self {
            name: "rule".to_owned(),
            id: name.to_owned(),
            role: "rule",
        }
    }
}
