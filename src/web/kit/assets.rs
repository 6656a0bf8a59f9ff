//! Style sheets, scripts, pictures and the font of the pages and of the dashboard, compiled in. `server` routes to it.
//!
//! Their addresses hold a version that is made of their bytes, so that browsers keep them for good and a script finds its
//! own modules beside it. An address with another version still answers: a page may be older than the server.

use std::sync::LazyLock;

use actix_web::http::header::HeaderValue;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use xxhash_rust::xxh3::Xxh3;

use super::static_file::StaticFile;
use crate::http::problem::{Code, Problem};

const JS: &str = "text/javascript; charset=utf-8";

/// Name, media type, bytes.
const ASSETS: [(&str, &str, &[u8]); 16] = [
    (
        "site.css",
        "text/css; charset=utf-8",
        include_bytes!("assets/site.css"),
    ),
    (
        "serif.woff2",
        "font/woff2",
        include_bytes!("font/serif.woff2"),
    ),
    ("page.js", JS, include_bytes!("assets/page.js")),
    ("words.js", JS, include_bytes!("assets/words.js")),
    ("show.js", JS, include_bytes!("assets/show.js")),
    ("vote.js", JS, include_bytes!("assets/vote.js")),
    ("chart.js", JS, include_bytes!("assets/chart.js")),
    ("copy.js", JS, include_bytes!("assets/copy.js")),
    (
        "server.js",
        JS,
        include_bytes!("../../../clients/widget/dist/server.js"),
    ),
    (
        "late.js",
        JS,
        include_bytes!("../../../clients/widget/dist/late.js"),
    ),
    ("log.js", JS, include_bytes!("assets/log.js")),
    (
        "icon.svg",
        "image/svg+xml",
        include_bytes!("assets/icon.svg"),
    ),
    (
        "preview.png",
        "image/png",
        include_bytes!("assets/preview.png"),
    ),
    (
        "admin.css",
        "text/css; charset=utf-8",
        include_bytes!("../admin/assets/admin.css"),
    ),
    ("rows.js", JS, include_bytes!("../admin/assets/rows.js")),
    ("brush.js", JS, include_bytes!("../admin/assets/brush.js")),
];

static FILES: LazyLock<Vec<(&str, StaticFile)>> = LazyLock::new(|| {
    let file = |(name, kind, bytes)| (name, StaticFile::new(kind, bytes));
    ASSETS.map(file).into()
});

/// Compresses them all, so that no request waits for it.
pub fn prepare() {
    LazyLock::force(&FILES);
}

/// Stands in the addresses of all assets; another build with other assets has another.
pub fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        let mut hash = Xxh3::new();
        for (_, _, bytes) in ASSETS {
            hash.update(bytes);
        }
        format!("{:016x}", hash.digest())
    });
    &VERSION
}

/// One asset.
///
/// # Errors
/// 404 `not-found`.
pub async fn get_asset(
    http: HttpRequest,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (asked, name) = path.into_inner();
    let found = FILES.iter().find(|(asset, _)| *asset == name);
    let (_, file) = found.ok_or_else(|| Problem::new(Code::NotFound, "No such asset."))?;
    let cache = if asked == version() {
        "public, max-age=31536000, immutable"
    } else {
        "public, no-cache"
    };
    Ok(file.response(http.headers(), HeaderValue::from_static(cache)))
}
