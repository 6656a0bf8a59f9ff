//! Single words: slugs, times, quotas, voters, networks. What is read reads the same again as it is shown.

use tallyship::auth::name;
use tallyship::http::request::slug;
use tallyship::domain::{Timestamp, NetworkHash, Quota, Slug, VoterId};

use super::text;

pub fn run(data: &[u8]) {
    let Some(text) = text(data) else {
        return;
    };
    if let Some(slug) = Slug::parse(text) {
        assert!(slug.as_str() == text && text.len() <= Slug::MAX_LEN && !text.contains("--"));
    }
    if let Some(time) = Timestamp::parse(text) {
        let shown = time.to_string();
        assert_eq!(Timestamp::parse(&shown), Some(time), "{shown}");
        assert_eq!(shown.len(), "2026-11-24T02:00:00.000000Z".len(), "{shown}");
        assert!(time.hour() <= time && time.plus_seconds(1) > time);
    }
    if let Ok(quota) = Quota::parse(text) {
        assert!(quota.count > 0 && quota.interval_micros() > 0);
        assert!((1..=8_760 * 3_600).contains(&quota.period.as_secs()));
    }
    if let Some(voter) = VoterId::parse(text) {
        assert_eq!(VoterId::parse(&voter.text()), Some(voter));
        assert_eq!(name::of_staff(text), Some(voter));
    }
    if let Some(network) = NetworkHash::parse(text) {
        assert_eq!(network.text(), text.to_ascii_lowercase());
    }
    if let Ok(voter) = name::read(text) {
        if name::is_remembered(text) {
            assert_eq!(name::named(text), voter);
        } else {
            assert_eq!(name::read(&name::visitor(voter)), Ok(voter));
        }
        assert!(text.chars().count() <= 512 && !text.contains('\0'));
    }
    let found = slug(text);
    assert!(!found.contains('/') && text.contains(found));
}
