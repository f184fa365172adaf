//! Pictures and other files that are attached to posts.

use crate::domain::text_enum::text_enum;
use crate::domain::{ActorId, AttachmentId, Invalid, PostId, Timestamp, Uri, hex};

/// Most attachments of one post, whatever is set and whoever sends it.
pub const ATTACHMENTS_MAX: usize = 16;
/// Longest description of an attachment, in characters.
pub const ALT_TEXT_CHARS_MAX: usize = 1_500;
/// Longest name of a file that is kept, in characters.
pub const FILE_NAME_CHARS_MAX: usize = 120;
/// Longest blurhash looked at, in characters: one of 9 × 9 components.
const BLURHASH_CHARS_MAX: usize = 166;
/// Largest side of a picture that a server elsewhere is believed to have, in pixels.
const CLAIMED_SIDE_MAX: u32 = 100_000;

text_enum! {
    AttachmentKind ("kind") {
        /// A picture that browsers show; made anew by us from its pixels, and nothing else of it kept.
        Image = "image",
        /// Anything else: kept as it is, and only ever handed out to be saved.
        File = "file",
    }
}

text_enum! {
    /// Which bytes of an attachment are meant.
    Rendition ("rendition") {
        Whole = "whole",
        /// A small picture of a picture.
        Preview = "preview",
    }
}

/// A file of a post, or one that was uploaded and is in no post yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    pub id: AttachmentId,
    /// Who uploaded it here, or wrote the post elsewhere.
    pub owner: ActorId,
    /// None: uploaded, in no post yet, and for its owner alone.
    pub post: Option<PostId>,
    pub kind: AttachmentKind,
    pub media_type: String,
    /// What its owner called the file. For people; nothing is ever named by it here.
    pub name: String,
    /// What there is to see, for who does not see it.
    pub description: String,
    pub focus: Option<Focus>,
    pub measures: Option<Measures>,
    /// Where its author's server has it; none: uploaded here.
    pub origin: Option<Origin>,
    /// The bytes as they are kept here; none: they are elsewhere and nobody here wanted them yet.
    pub stored: Option<Stored>,
    pub created_at: Timestamp,
}

impl Attachment {
    /// What to call it in a line.
    pub fn title(&self) -> &str {
        match self.description.is_empty() {
            true => &self.name,
            false => &self.description,
        }
    }
}

/// Where somebody elsewhere keeps an attachment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub url: Uri,
    /// What its bytes are said to be.
    pub digest: Option<FileDigest>,
    /// It was asked for in vain, or there is nobody to ask: a link is all there is.
    pub failed: bool,
}

/// Bytes in the folder of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    pub digest: FileDigest,
    pub bytes: u64,
    /// None: it is small enough to be its own preview, or is no picture.
    pub preview: Option<FileDigest>,
}

/// Size of a picture in pixels, upright, and a few colours to show until it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measures {
    pub width: u32,
    pub height: u32,
    pub blurhash: Option<String>,
}

impl Measures {
    /// What a server elsewhere says of a picture that nobody here has seen.
    pub fn claimed(width: u64, height: u64, blurhash: Option<&str>) -> Option<Self> {
        let side = |side: u64| u32::try_from(side).ok();
        let side = |claimed| side(claimed).filter(|side| (1..=CLAIMED_SIDE_MAX).contains(side));
        let plain = |text: &&str| {
            let letter = |byte: u8| byte.is_ascii_graphic() && !b"\"\\<>&'`".contains(&byte);
            (6..=BLURHASH_CHARS_MAX).contains(&text.len()) && text.bytes().all(letter)
        };
        Some(Self {
            width: side(width)?,
            height: side(height)?,
            blurhash: blurhash.filter(plain).map(str::to_owned),
        })
    }
}

/// SHA-256 of a file: its name in the folder of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileDigest(pub [u8; 32]);

impl std::fmt::Display for FileDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl std::str::FromStr for FileDigest {
    type Err = Invalid;

    /// Reads what `Display` writes and nothing else: 64 small hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = || Invalid::new("digest", "is not the SHA-256 of a file");
        let small = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 64 || !text.bytes().all(small) {
            return Err(invalid());
        }
        let mut digest = [0; 32];
        for (at, byte) in digest.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| invalid())?;
        }
        Ok(Self(digest))
    }
}

/// The point of a picture that matters when it is cropped: from -1 (left, bottom) to 1 (right, top), kept
/// to the thousandth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Focus {
    x: i16,
    y: i16,
}

impl Focus {
    /// None: it is not in the picture.
    pub fn new(x: f64, y: f64) -> Option<Self> {
        let thousandths = |side: f64| {
            let inside = (-1.0..=1.0).contains(&side);
            inside.then_some((side * 1_000.0).round() as i16)
        };
        Some(Self {
            x: thousandths(x)?,
            y: thousandths(y)?,
        })
    }

    /// From left to right, and from bottom to top.
    pub fn position(self) -> (f64, f64) {
        (f64::from(self.x) / 1_000.0, f64::from(self.y) / 1_000.0)
    }
}

impl std::fmt::Display for Focus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (x, y) = self.position();
        write!(f, "{x},{y}")
    }
}

impl std::str::FromStr for Focus {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let number = |text: &str| text.trim().parse::<f64>().ok();
        let point = text
            .split_once(',')
            .and_then(|(x, y)| Self::new(number(x)?, number(y)?));
        point.ok_or_else(|| {
            Invalid::new(
                "focus",
                "must be two numbers from -1.0 to 1.0, like 0.5,-0.2",
            )
        })
    }
}

/// What there is to see in an attachment, in the words of its owner; may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description(String);

impl Description {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What somebody elsewhere wrote, cut where it is longer than ours may be.
    pub fn cut(text: &str) -> Self {
        let text = text.trim().chars().filter(|c| !is_unseen(*c));
        Self(text.take(ALT_TEXT_CHARS_MAX).collect())
    }
}

fn is_unseen(c: char) -> bool {
    c.is_control() && c != '\n'
}

impl std::str::FromStr for Description {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = text.trim().replace("\r\n", "\n");
        if text.chars().count() > ALT_TEXT_CHARS_MAX {
            let problem = format!("is longer than {ALT_TEXT_CHARS_MAX} characters");
            return Err(Invalid::new("description", problem));
        }
        Ok(Self::cut(&text))
    }
}

/// What a file is called for people: the last part of whatever path was sent, without what would make
/// a line of it something else. Empty for what has no name.
pub fn file_name(sent: &str) -> String {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown = |c: &char| !c.is_control() && !"\"<>:|?*".contains(*c) && !is_turning(*c);
    let name: String = last.chars().filter(shown).collect();
    let name = name.trim().trim_start_matches('.');
    name.chars().take(FILE_NAME_CHARS_MAX).collect()
}

/// Characters that change the direction of a text: `gpj.exe` must not read like a picture.
const fn is_turning(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Why a file is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is not of a kind that is taken, or not of the kind that it claims to be.
    #[error("{0}")]
    Kind(&'static str),
    #[error("the file is larger than {most} bytes")]
    Bytes { most: u64 },
    /// It is a picture, but not one that can be shown.
    #[error("{0}")]
    Picture(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a63_a_files_name_is_a_name() {
        for (sent, kept) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\ada\\plan 2.png", "plan 2.png"),
            ("..", ""),
            (".htaccess", "htaccess"),
            ("a\r\nSet-Cookie: x\".png", "aSet-Cookie x.png"),
            ("\u{202e}gpj.exe", "gpj.exe"),
            ("", ""),
        ] {
            assert_eq!(file_name(sent), kept, "{sent:?}");
        }
        assert_eq!(
            file_name(&"ü".repeat(500)).chars().count(),
            FILE_NAME_CHARS_MAX
        );
    }

    #[test]
    fn a_digest_has_one_spelling() {
        let digest = FileDigest([0xab; 32]);
        assert_eq!(digest.to_string().parse::<FileDigest>().unwrap(), digest);
        for other in [
            "",
            "../x",
            &"AB".repeat(32),
            &"ab".repeat(31),
            &"+a".repeat(32),
        ] {
            assert!(other.parse::<FileDigest>().is_err(), "{other}");
        }
    }

    #[test]
    fn what_others_claim_of_a_picture_is_bounded() {
        assert!(Measures::claimed(800, 600, None).is_some());
        assert!(Measures::claimed(0, 600, None).is_none());
        assert!(Measures::claimed(800, u64::MAX, None).is_none());
        let odd = Measures::claimed(8, 6, Some("\"><script>")).unwrap();
        assert_eq!(odd.blurhash, None);
        assert!("0.5,-1".parse::<Focus>().is_ok());
        for odd in ["", "1", "2,0", "NaN,0", "0,0,0"] {
            assert!(odd.parse::<Focus>().is_err(), "{odd}");
        }
    }
}
