//! [`Person`]: who signed in, and as what, by the claims that the settings name.

use serde_json::Value;

use super::SignInError;
use crate::auth::sessions;
use crate::auth::staff::Role;
use crate::auth::users::token::Object;
use crate::config::Oidc;
use crate::domain::Timestamp;
use crate::domain::text::TextRule;

const NAME: TextRule = TextRule::line(100);
/// OpenID Connect Core 1.0, section 2.
const SUBJECT: TextRule = TextRule::line(255);

/// A person whom the identity provider vouches for, and who has a role.
#[derive(Debug, Clone)]
pub struct Person {
    pub issuer: String,
    pub subject: String,
    /// With the subject beside it: at many providers people choose their names.
    pub name: String,
    pub role: Role,
    /// When the session ends at the latest.
    pub expires_at: Timestamp,
}

/// The claim that `path` names: as it is written, or else a path with dots through objects.
fn claim<'a>(claims: &'a Object, path: &str) -> Option<&'a Value> {
    claims.get(path).or_else(|| {
        let mut parts = path.split('.');
        let first = claims.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.get(part))
    })
}

/// Whether the ID token has the claims already, so that the user info need not be read.
pub(super) fn is_complete(claims: &Object, settings: &Oidc) -> bool {
    [&settings.role_claim, &settings.name_claim]
        .into_iter()
        .all(|path| claim(claims, path).is_some())
}

/// The highest role that the claim's values have in the settings.
fn role(value: &Value, settings: &Oidc) -> Option<Role> {
    let values: Vec<&str> = match value {
        Value::String(one) => vec![one],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let holds = |of_role: &[String]| {
        values
            .iter()
            .any(|value| of_role.iter().any(|v| v == value))
    };
    if holds(&settings.admins) {
        Some(Role::Admin)
    } else if holds(&settings.moderators) {
        Some(Role::Moderator)
    } else {
        None
    }
}

/// Who the claims name; the ID token's come first in `sources`.
pub(super) fn from_claims(
    sources: &[&Object],
    issuer: &str,
    settings: &Oidc,
    now: Timestamp,
) -> Result<Person, SignInError> {
    let id_token = sources.first().copied();
    let find = |path: &str| sources.iter().find_map(|claims| claim(claims, path));
    let subject = id_token.and_then(|claims| claims.text("sub").ok());
    let subject = SUBJECT
        .read("sub", subject.unwrap_or_default())
        .map_err(SignInError::Refused)?;
    let name = find(&settings.name_claim).and_then(Value::as_str);
    let name = name.and_then(|name| NAME.read("name", name).ok());
    let name = match name {
        Some(name) if name != subject => format!("{name} ({subject})"),
        _ => subject.clone(),
    };
    let role = find(&settings.role_claim).and_then(|value| role(value, settings));
    let Some(role) = role else {
        return Err(SignInError::NoRole { name, subject });
    };
    let end = id_token.and_then(|claims| claims.seconds("exp").ok().flatten());
    let end = Timestamp(end.unwrap_or_default().saturating_mul(1_000_000));
    let end = settings.session.map_or(end, |lasts| {
        now.plus_seconds(i64::try_from(lasts.as_secs()).unwrap_or_default())
    });
    // The leeway of clocks lets in a token whose session would be over.
    if end <= now {
        return Err(SignInError::Refused("it has expired".to_owned()));
    }
    Ok(Person {
        issuer: issuer.to_owned(),
        subject,
        name,
        role,
        expires_at: end.min(now.plus_seconds(sessions::LASTS_SECONDS)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Layers, Settings};

    const NOW: Timestamp = Timestamp(1_800_000_000_000_000);

    fn settings(pairs: &[(&str, &str)]) -> Oidc {
        let mut layers = Layers::defaults();
        let given = [
            ("issuer", "https://id.example"),
            ("client_id", "us"),
            ("moderators", "mods,editors"),
            ("admins", "ops"),
        ];
        for (name, text) in given.iter().chain(pairs) {
            let set = layers.set(&format!("oidc.{name}"), text, "a test");
            set.expect("a setting");
        }
        Settings::from_layers(&layers).expect("settings").oidc
    }

    fn read(sources: &[&str], settings: &Oidc) -> Result<Person, SignInError> {
        let sources: Vec<Object> = sources
            .iter()
            .map(|json| serde_json::from_str(json).expect("an object"))
            .collect();
        let sources: Vec<&Object> = sources.iter().collect();
        from_claims(&sources, "https://id.example", settings, NOW)
    }

    #[test]
    fn the_highest_role_counts_wherever_the_claim_stands() {
        let usual = settings(&[]);
        let with = |groups: &str| {
            let claims = format!(r#"{{"sub":"7","exp":1800003600,"groups":{groups}}}"#);
            read(&[&claims], &usual).map(|person| person.role).ok()
        };
        assert_eq!(with(r#""mods""#), Some(Role::Moderator));
        assert_eq!(with(r#"["a","editors","ops"]"#), Some(Role::Admin));
        for none in [
            "[]",
            "\"\"",
            "\"MODS\"",
            "\"mods,ops\"",
            "7",
            "null",
            "[7]",
            "{\"mods\":1}",
        ] {
            assert_eq!(with(none), None, "{none}");
        }
        let id_token = r#"{"sub":"7","exp":1800003600}"#;
        let info = r#"{"sub":"7","groups":["ops"],"name":"Ada"}"#;
        let person = read(&[id_token, info], &usual).expect("by the user info");
        assert_eq!(
            (person.role, person.name.as_str()),
            (Role::Admin, "Ada (7)")
        );
        let nested = settings(&[("role_claim", "realm.roles")]);
        for claims in [
            r#"{"sub":"7","exp":1800003600,"realm":{"roles":["mods"]}}"#,
            r#"{"sub":"7","exp":1800003600,"realm.roles":"mods"}"#,
        ] {
            assert!(read(&[claims], &nested).is_ok(), "{claims}");
        }
    }

    #[test]
    fn a_name_never_stands_alone_and_a_session_has_an_end() {
        let usual = settings(&[]);
        let person = |fields: &str, settings: &Oidc| {
            read(&[&format!(r#"{{"groups":"ops"{fields}}}"#)], settings)
        };
        for (name, shown) in [
            (r#","name":"Ada""#, "Ada (7)"),
            (r#","name":"7""#, "7"),
            (r#","name":"a\u0000b""#, "7"),
            (r#","name":["Ada"]"#, "7"),
            ("", "7"),
        ] {
            let fields = format!(r#","sub":"7","exp":1800003600{name}"#);
            assert_eq!(person(&fields, &usual).expect(name).name, shown);
        }
        assert!(person(r#","sub":"a\u0000b","exp":1800003600"#, &usual).is_err());
        let ends = |exp: i64, settings: &Oidc| {
            let fields = format!(r#","sub":"7","exp":{exp}"#);
            let end = person(&fields, settings).expect("a person").expires_at;
            end.seconds() - NOW.seconds()
        };
        assert_eq!(ends(1_800_003_600, &usual), 3_600);
        assert_eq!(ends(1_800_999_999, &usual), sessions::LASTS_SECONDS);
        assert_eq!(
            ends(1_800_000_300, &settings(&[("session", "8h")])),
            8 * 3_600
        );
    }
}
