//! [`Code`]: the table of errors of `docs/api.md`: status, type, code and title of each.
//!
//! Only `problem` reads a whole row. A code, once published, never changes.

/// The errors of `docs/api.md` by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    BadRequest,
    VoterRequired,
    TokenRequired,
    BadToken,
    ExpiredToken,
    Forbidden,
    OriginRefused,
    VoterBanned,
    ChallengeRequired,
    UnknownTool,
    NotFound,
    MethodNotAllowed,
    Conflict,
    Archived,
    TooLarge,
    UnsupportedMediaType,
    /// Of a head; a body's is `TooLarge`.
    HeadTooLarge,
    /// Of a head; a body that drips is a bad request.
    TooSlow,
    Invalid,
    Frozen,
    RateLimited,
    Internal,
    Unavailable,
    Overloaded,
}

/// A row of the table.
pub(super) struct CodeRow {
    pub status: u16,
    pub code: &'static str,
    pub title: &'static str,
    /// Its document as JSON: what stands before the detail, and what after it, but for a challenge and the last brace.
    pub before: &'static str,
    pub after: &'static str,
}

/// The document is put together by the compiler, since refusals are the answers that have to be cheap. No title has a
/// character that JSON escapes.
macro_rules! row {
    ($status:literal, $code:literal, $title:literal) => {
        CodeRow {
            status: $status,
            code: $code,
            title: $title,
            before: concat!(
                r#"{"type":"urn:tallyship:problem:"#,
                $code,
                r#"","title":""#,
                $title,
                r#"","status":"#,
                $status,
                r#","detail":"#
            ),
            after: concat!(r#","code":""#, $code, r#"""#),
        }
    };
}

impl Code {
    pub(super) fn row(self) -> CodeRow {
        match self {
            Self::BadRequest => row!(400, "bad-request", "The request cannot be read"),
            Self::VoterRequired => row!(401, "voter-required", "A visitor token is needed"),
            Self::TokenRequired => row!(401, "token-required", "A staff token is needed"),
            Self::BadToken => row!(401, "bad-token", "The token is not valid"),
            Self::ExpiredToken => row!(401, "expired-token", "The token has expired"),
            Self::Forbidden => row!(403, "forbidden", "This token may not do that"),
            Self::OriginRefused => row!(
                403,
                "origin-refused",
                "Votes are not taken from this origin"
            ),
            Self::VoterBanned => row!(403, "voter-banned", "Votes are not taken from here"),
            Self::ChallengeRequired => {
                row!(403, "challenge-required", "A check must be done first")
            }
            Self::UnknownTool => row!(404, "unknown-tool", "No such tool"),
            Self::NotFound => row!(404, "not-found", "Nothing is here"),
            Self::MethodNotAllowed => row!(
                405,
                "method-not-allowed",
                "This address does not take that method"
            ),
            Self::Conflict => row!(409, "conflict", "The state has changed"),
            Self::Archived => row!(410, "archived", "The tool is archived"),
            Self::TooLarge => row!(413, "too-large", "The body is too large"),
            Self::UnsupportedMediaType => {
                row!(415, "unsupported-media-type", "The body must be JSON")
            }
            Self::HeadTooLarge => row!(431, "too-large", "The head of the request is too large"),
            Self::TooSlow => row!(408, "bad-request", "The request took too long"),
            Self::Invalid => row!(422, "invalid", "A field is not valid"),
            Self::Frozen => row!(423, "frozen", "Voting on this tool is frozen"),
            Self::RateLimited => row!(429, "rate-limited", "Too many requests"),
            Self::Internal => row!(500, "internal", "Something went wrong here"),
            Self::Unavailable => row!(503, "unavailable", "Not available at this moment"),
            Self::Overloaded => row!(503, "overloaded", "Too much to do"),
        }
    }

    pub fn status(self) -> u16 {
        self.row().status
    }

    pub fn as_str(self) -> &'static str {
        self.row().code
    }

    pub fn title(self) -> &'static str {
        self.row().title
    }
}
