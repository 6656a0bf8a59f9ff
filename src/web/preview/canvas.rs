//! [`Canvas`]: letters and a few shapes on a PNG. Pure.
//!
//! It has one font, without shaping: Latin, Greek and Cyrillic. [`printable`] leaves out what the font lacks, so that no
//! reader ever sees a box.

use std::sync::LazyLock;

use tiny_skia::{Color, FillRule, LineCap, Paint, PathBuilder, Pixmap, Rect, Stroke, Transform};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

static FONT: LazyLock<Option<Face<'static>>> =
    LazyLock::new(|| Face::parse(include_bytes!("../kit/font/serif.ttf"), 0).ok());

/// What stands for the rest of a text that is too long.
const ELLIPSIS: char = '…';

/// A colour of the light pages, as `0xRRGGBB`.
#[derive(Debug, Clone, Copy)]
pub struct Ink(pub u32);

impl Ink {
    fn color(self, alpha: u8) -> Color {
        let [_, red, green, blue] = self.0.to_be_bytes();
        Color::from_rgba8(red, green, blue, alpha)
    }
}

fn glyph(character: char) -> Option<GlyphId> {
    FONT.as_ref()?.glyph_index(character)
}

/// `text` without what the font lacks; `instead` if too little is left to be a name.
pub fn printable(text: &str, instead: &str) -> String {
    let drawn: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| glyph(*c).is_some())
        .collect();
    let words: Vec<&str> = drawn.split_whitespace().collect();
    if drawn.chars().any(char::is_alphanumeric) {
        words.join(" ")
    } else {
        instead.to_owned()
    }
}

/// How wide a text is, in pixels.
pub fn width(text: &str, size: f32) -> f32 {
    let Some(font) = FONT.as_ref() else {
        return 0.0;
    };
    let scale = size / f32::from(font.units_per_em());
    let advance = |c| font.glyph_hor_advance(font.glyph_index(c)?);
    text.chars()
        .filter_map(advance)
        .map(|units| f32::from(units) * scale)
        .sum()
}

/// The largest size between `sizes` at which `text` is at most `limit` wide; at the smallest its end may go.
pub fn fitted(text: &str, limit: f32, [smallest, largest]: [f32; 2]) -> (String, f32) {
    let size = (largest * limit / width(text, largest).max(1.0)).clamp(smallest, largest);
    let mut kept = text.to_owned();
    while width(&kept, size) > limit + 0.5 {
        if kept.pop() == Some(ELLIPSIS) {
            kept.pop();
        }
        kept.truncate(kept.trim_end().len());
        kept.push(ELLIPSIS);
    }
    (kept, size)
}

/// An outline of the font, which counts upwards, on the picture, which counts downwards.
struct Outline {
    path: PathBuilder,
    scale: f32,
    left: f32,
    baseline: f32,
}

impl Outline {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.left + x * self.scale, self.baseline - y * self.scale)
    }
}

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}

/// A picture in the making.
pub struct Canvas(Pixmap);

impl Canvas {
    /// `None` if its memory cannot be allocated.
    pub fn new(width: u32, height: u32, ground: Ink) -> Option<Self> {
        let mut pixmap = Pixmap::new(width, height)?;
        pixmap.fill(ground.color(u8::MAX));
        Some(Self(pixmap))
    }

    fn fill(&mut self, path: PathBuilder, color: Color) {
        let mut paint = Paint::default();
        paint.set_color(color);
        if let Some(path) = path.finish() {
            let still = Transform::identity();
            (self.0).fill_path(&path, &paint, FillRule::Winding, still, None);
        }
    }

    /// Draws a text from `left`, and returns where it ends.
    pub fn text(&mut self, text: &str, size: f32, (left, baseline): (f32, f32), ink: Ink) -> f32 {
        let Some(font) = FONT.as_ref() else {
            return left;
        };
        let scale = size / f32::from(font.units_per_em());
        let mut outline = Outline {
            path: PathBuilder::new(),
            scale,
            left,
            baseline,
        };
        for id in text.chars().filter_map(|c| font.glyph_index(c)) {
            let _ = font.outline_glyph(id, &mut outline);
            outline.left += f32::from(font.glyph_hor_advance(id).unwrap_or_default()) * scale;
        }
        let end = outline.left;
        self.fill(outline.path, ink.color(u8::MAX));
        end
    }

    pub fn line(&mut self, from: (f32, f32), to: (f32, f32), thickness: f32, ink: Ink) {
        self.stroke(&[from, to], false, thickness, ink);
    }

    /// A square on its tip, not filled.
    pub fn diamond(&mut self, (x, y): (f32, f32), radius: f32, thickness: f32, ink: Ink) {
        let tips = [
            (x, y - radius),
            (x + radius, y),
            (x, y + radius),
            (x - radius, y),
        ];
        self.stroke(&tips, true, thickness, ink);
    }

    fn stroke(&mut self, points: &[(f32, f32)], closed: bool, thickness: f32, ink: Ink) {
        let mut path = PathBuilder::new();
        for (position, (x, y)) in points.iter().enumerate() {
            if position == 0 {
                path.move_to(*x, *y);
            } else {
                path.line_to(*x, *y);
            }
        }
        if closed {
            path.close();
        }
        let mut paint = Paint::default();
        paint.set_color(ink.color(u8::MAX));
        let stroke = Stroke {
            width: thickness,
            line_cap: LineCap::Round,
            ..Stroke::default()
        };
        if let Some(path) = path.finish() {
            let still = Transform::identity();
            (self.0).stroke_path(&path, &paint, &stroke, still, None);
        }
    }

    pub fn dot(&mut self, (x, y): (f32, f32), radius: f32, ink: Ink) {
        let mut path = PathBuilder::new();
        path.push_circle(x, y, radius);
        self.fill(path, ink.color(u8::MAX));
    }

    /// A band with a quarter of the ink.
    pub fn band(&mut self, (x, y): (f32, f32), (width, height): (f32, f32), ink: Ink) {
        let mut path = PathBuilder::new();
        if let Some(rect) = Rect::from_xywh(x, y, width, height) {
            path.push_rect(rect);
        }
        self.fill(path, ink.color(64));
    }

    /// The picture as PNG.
    ///
    /// # Errors
    /// A picture that cannot be encoded.
    pub fn png(&self) -> Result<Vec<u8>, String> {
        self.0.encode_png().map_err(|cause| cause.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::{fitted, printable, width};

    #[test]
    fn what_the_font_lacks_is_left_out() {
        for (name, drawn) in [
            ("Codestral 2", "Codestral 2"),
            ("Žluťoučký Ω Жук", "Žluťoučký Ω Жук"),
            ("模型 X 🚀", "X"),
            ("a\u{202e}b\u{301}\n c", "ab c"),
            ("كود", "the-slug"),
            ("🚀 – 模", "the-slug"),
        ] {
            assert_eq!(printable(name, "the-slug"), drawn, "{name}");
        }
    }

    #[test]
    fn a_long_text_shrinks_and_then_loses_its_end() {
        assert_eq!(fitted("Short", 900.0, [40.0, 80.0]), ("Short".into(), 80.0));
        let (text, size) = fitted(&"A longer name ".repeat(3), 900.0, [20.0, 80.0]);
        assert!(!text.contains('…') && size < 80.0, "{text} {size}");
        let (text, size) = fitted(&"W".repeat(200), 900.0, [40.0, 80.0]);
        assert!(
            text.ends_with("W…") && width(&text, size) <= 900.5,
            "{text}"
        );
        assert!((size - 40.0).abs() < f32::EPSILON);
    }
}
