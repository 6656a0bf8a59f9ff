//! [`Actor`]: who does a privileged act, as the audit chain names it.

/// A staff token, or a command at the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The token's name, or `command`.
    pub name: String,
    /// The token's id, or the command.
    pub id: String,
    /// `site`, `moderator`, `admin`, or `command`.
    pub role: &'static str,
}

impl Actor {
    /// A command, such as `catalog import`.
    #[must_use]
    pub fn command(name: &str) -> Self {
        Self {
            name: "command".to_owned(),
            id: name.to_owned(),
            role: "command",
        }
    }
}
