//! The widget's two scripts, the style sheets beside them, and the scripts that give an iframe its height, compiled in; each
//! also under an address that never changes.
//!
//! `routes` serves them. `tallyship.js` loads `late.js` under its unchanging address, once a visitor votes. The scripts are
//! built from `clients/widget` by Node and committed, so that no build of the server needs Node; `tests/all` builds them again
//! and compares. They must never be changed here by hand.

use openssl::sha::sha256;

use crate::web::kit::static_file::StaticFile;

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";

/// A file and its two addresses.
pub struct Asset {
    pub name: &'static str,
    pub file: StaticFile,
    /// The part of its address that changes with its bytes: `tallyship-{stamp}.js`.
    pub stamp: String,
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
        let late = include_bytes!("../../../clients/widget/dist/late.js");
        let reserve = include_bytes!("../../../clients/widget/dist/tallyship.css");
        let mut assets = vec![
            asset("tallyship.js", JAVASCRIPT, script),
            asset("late.js", JAVASCRIPT, late),
            asset("tallyship.css", CSS, reserve),
            asset("frame.css", CSS, include_bytes!("assets/frame.css")),
            asset("frame.js", JAVASCRIPT, include_bytes!("assets/frame.js")),
            asset("resize.js", JAVASCRIPT, include_bytes!("assets/resize.js")),
        ];
        assets.extend(
            RELEASED
                .iter()
                .map(|(name, old)| asset(name, JAVASCRIPT, old)),
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

fn asset(name: &'static str, kind: &'static str, bytes: &'static [u8]) -> Asset {
    let digest = sha256(bytes);
    let stamp = format!(
        "{:016x}",
        digest
            .first_chunk()
            .map_or(0, |eight| u64::from_be_bytes(*eight))
    );
    Asset {
        name,
        file: StaticFile::new(kind, bytes),
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
        let text = String::from_utf8_lossy(widget.asset.file.bytes());
        assert!(text.contains(&format!("embed/{}", late.stamped())));
        let hash = STANDARD.encode(sha256(late.file.bytes()));
        assert!(text.contains(&format!("sha256-{hash}")));
    }
}
