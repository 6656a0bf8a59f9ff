//! Tile numbers in paths: `x001/x234/067`, with `.p/W` behind a partial tile.

use std::fmt::Write;

use super::merkle::TILE_WIDTH;

/// A tile's number and how many of its hashes or entries are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TilePath {
    pub n: u64,
    /// 1 to 256; 256 is the full tile.
    pub width: u64,
}

impl TilePath {
    /// Reads the part of a path behind the level; `None` if it is not the one spelling of a tile.
    pub fn parse(path: &str) -> Option<Self> {
        let (number, width) = match path.split_once(".p/") {
            Some((number, width)) => (number, parse_decimal(width).filter(|w| *w < TILE_WIDTH)?),
            None => (path, TILE_WIDTH),
        };
        if width == 0 {
            return None;
        }
        let mut n: u64 = 0;
        let mut parts = number.split('/').peekable();
        while let Some(part) = parts.next() {
            let digits = if parts.peek().is_some() {
                part.strip_prefix('x')?
            } else {
                part
            };
            if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            n = n.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
        }
        let path = Self { n, width };
        // Leading zeros would be a second spelling.
        (path.number() == number).then_some(path)
    }

    fn number(self) -> String {
        let mut groups = vec![self.n % 1000];
        let mut rest = self.n / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        let mut text = String::new();
        while let Some(group) = groups.pop() {
            let _ = if groups.is_empty() {
                write!(text, "{group:03}")
            } else {
                write!(text, "x{group:03}/")
            };
        }
        text
    }

    /// As it stands in a path.
    pub fn text(self) -> String {
        let number = self.number();
        if self.width == TILE_WIDTH {
            number
        } else {
            format!("{number}.p/{}", self.width)
        }
    }
}

/// A decimal number without leading zeros.
pub fn parse_decimal(text: &str) -> Option<u64> {
    let is_plain = text == "0" || !text.starts_with('0');
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_plain && is_digits).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_spelling() {
        for (n, width, text) in [
            (0, 256, "000"),
            (67, 1, "067.p/1"),
            (1000, 256, "x001/000"),
            (1_234_067, 255, "x001/x234/067.p/255"),
        ] {
            let path = TilePath { n, width };
            assert_eq!(path.text(), text);
            assert_eq!(TilePath::parse(text), Some(path));
        }
        for bad in [
            "",
            "0",
            "67",
            "0067",
            "x000/067",
            "000/067",
            "x001",
            "067.p/0",
            "067.p/256",
            "067.p/01",
            "067.p/",
            "067.p/+1",
            "067/",
            "/067",
            "-67",
            "x99999/000",
        ] {
            assert_eq!(TilePath::parse(bad), None, "{bad}");
        }
    }
}
