//! The widget's two scripts, the style sheets beside them, and the scripts that give an iframe its height, compiled in; each
//! also under an address that never changes.
//!
//! `routes` serves them. `tallyship.js` loads `late.js` under its unchanging address, once a visitor votes. The scripts are
//! built from `clients/widget` by Node and committed, so that no build of the server needs Node; `tests/all` builds them again
//! and compares. They must never be changed here by hand.

use bytes::Bytes;
use openssl::sha::sha256;

use crate::tallies::cache::etag;

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";

/// A file ready to be sent, as it is and compressed.
pub struct Asset {
    pub name: &'static str,
    pub kind: &'static str,
    pub plain: Sendable,
    pub gzip: Option<Sendable>,
    /// The part of its address that changes with its bytes: `tallyship-{stamp}.js`.
    pub stamp: String,
}

/// Bytes and their strong entity tag.
#[derive(Clone)]
pub struct Sendable {
    pub body: Bytes,
    pub etag: Bytes,
}

impl Sendable {
    fn new(body: &'static [u8]) -> Self {
        Self {
            body: Bytes::from_static(body),
            etag: etag(body),
        }
    }
}

/// Scripts of earlier releases, by name, still served at their stamped addresses: pages may have pinned them by hash, and a
/// pinned `tallyship.js` loads the `late.js` of its release. Before the widget changes after a release, that release's files
/// move here.
const RELEASED: &[(&str, &[u8])] = &[];

/// Every asset of this module; the newest of a name stands first.
pub struct Assets(Vec<Asset>);

/// What an address below `/embed/` names.
pub struct EmbedAsset<'a> {
    pub asset: &'a Asset,
    /// The address holds the stamp, so its bytes never change.
    pub immutable: bool,
}

impl Assets {
    pub fn new() -> Self {
        let script = include_bytes!("../../../clients/widget/dist/tallyship.js");
        let script_gzip = include_bytes!("../../../clients/widget/dist/tallyship.js.gz");
        let late = include_bytes!("../../../clients/widget/dist/late.js");
        let late_gzip = include_bytes!("../../../clients/widget/dist/late.js.gz");
        let reserve = include_bytes!("../../../clients/widget/dist/tallyship.css");
        let frame = include_bytes!("assets/frame.css");
        let report = include_bytes!("assets/frame.js");
        let resize = include_bytes!("assets/resize.js");
        let mut assets = vec![
            asset("tallyship.js", JAVASCRIPT, script, Some(script_gzip)),
            asset("late.js", JAVASCRIPT, late, Some(late_gzip)),
            asset("tallyship.css", CSS, reserve, None),
            asset("frame.css", CSS, frame, None),
            asset("frame.js", JAVASCRIPT, report, None),
            asset("resize.js", JAVASCRIPT, resize, None),
        ];
        assets.extend(
            RELEASED
                .iter()
                .map(|(name, old)| asset(name, JAVASCRIPT, old, None)),
        );
        Self(assets)
    }

    /// The asset at `name`: `tallyship.js`, or with the stamp of its bytes, `tallyship-0123456789abcdef.js`.
    pub fn find(&self, name: &str) -> Option<EmbedAsset<'_>> {
        self.0.iter().find_map(|asset| {
            let plain = asset.name == name;
            (plain || asset.stamped() == name).then_some(EmbedAsset {
                asset,
                immutable: !plain,
            })
        })
    }
}

impl Default for Assets {
    fn default() -> Self {
        Self::new()
    }
}

impl Asset {
    /// Its name with the stamp inside.
    pub fn stamped(&self) -> String {
        match self.name.rsplit_once('.') {
            Some((stem, ending)) => format!("{stem}-{}.{ending}", self.stamp),
            None => self.name.to_owned(),
        }
    }
}

fn asset(
    name: &'static str,
    kind: &'static str,
    plain: &'static [u8],
    gzip: Option<&'static [u8]>,
) -> Asset {
    let digest = sha256(plain);
    let stamp = format!(
        "{:016x}",
        digest
            .first_chunk()
            .map_or(0, |eight| u64::from_be_bytes(*eight))
    );
    Asset {
        name,
        kind,
        plain: Sendable::new(plain),
        gzip: gzip.map(Sendable::new),
        stamp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn an_asset_has_two_addresses() {
        let assets = Assets::new();
        let plain = assets.find("tallyship.js").expect("there");
        assert!(!plain.immutable);
        let stamped = assets.find(&plain.asset.stamped()).expect("there");
        assert!(stamped.immutable && stamped.asset.name == "tallyship.js");
        assert!(
            assets.find("tallyship-0000000000000000.js").is_none() && assets.find("").is_none()
        );
    }

    #[test]
    fn the_widget_loads_the_second_script_that_is_served() {
        let assets = Assets::new();
        let widget = assets.find("tallyship.js").expect("there");
        let late = assets.find("late.js").expect("there").asset;
        let text = String::from_utf8_lossy(&widget.asset.plain.body);
        assert!(text.contains(&format!("embed/{}", late.stamped())));
        let hash = STANDARD.encode(sha256(&late.plain.body));
        assert!(text.contains(&format!("sha256-{hash}")));
    }

    #[test]
    fn the_widget_stays_small() {
        let assets = Assets::new();
        let gzip = assets
            .find("tallyship.js")
            .and_then(|found| found.asset.gzip.clone())
            .expect("compressed");
        assert!(
            gzip.body.len() < 8 * 1024,
            "{} bytes gzipped",
            gzip.body.len()
        );
    }
}
