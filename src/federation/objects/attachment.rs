//! `Image` and `Document` in the `attachment` of posts: pictures and files.

use serde_json::{Value, json};

use super::read::{entries, kind_of, text, uri_in, uri_of};
use crate::app::Addresses;
use crate::domain::{
    ATTACHMENTS_MAX, Attachment, AttachmentKind, Description, FileDigest, Focus, Invalid, Measures,
    Uri, file_name,
};
use crate::federation::multibase;
use crate::services::attachments::ReceivedAttachment;

/// How a SHA-256 begins as a multihash: its number in the table of codes, and its length.
const SHA256_PREFIX: [u8; 2] = [0x12, 0x20];
/// Pictures that are made anew here; others are files.
const PICTURES: &[&str] = &["image/png", "image/jpeg", "image/webp", "image/gif"];
/// Longest media type looked at, characters.
const MEDIA_TYPE_CHARS_MAX: usize = 100;

// Writing -----------------------------------------------------------------------------------------

/// What is attached to a post of ours: the addresses, for those who may read the post.
pub fn render_all(addresses: &Addresses, attachments: &[Attachment]) -> Vec<Value> {
    let ours = attachments.iter().filter(|one| one.origin.is_none());
    ours.map(|one| render(addresses, one)).collect()
}

fn render(addresses: &Addresses, attachment: &Attachment) -> Value {
    let mut object = json!({
        "type": match attachment.kind {
            AttachmentKind::Image => "Image",
            AttachmentKind::File => "Document",
        },
        "mediaType": attachment.media_type,
        "url": addresses.attachment(attachment.id),
    });
    let (name, summary) = match attachment.kind {
        AttachmentKind::Image => (&attachment.description, ""),
        AttachmentKind::File => (&attachment.name, attachment.description.as_str()),
    };
    for (word, said) in [("name", name.as_str()), ("summary", summary)] {
        if !said.is_empty() {
            object[word] = json!(said);
        }
    }
    if let Some(measures) = &attachment.measures {
        object["width"] = json!(measures.width);
        object["height"] = json!(measures.height);
        if let Some(blurhash) = &measures.blurhash {
            object["blurhash"] = json!(blurhash);
        }
    }
    if let Some((x, y)) = attachment.focus.map(Focus::position) {
        object["focalPoint"] = json!([x, y]);
    }
    if let Some(stored) = &attachment.stored {
        object["digestMultibase"] = json!(multihash(&stored.digest));
    }
    object
}

/// The words of attachments that are not ActivityStreams' own.
pub fn words() -> Value {
    json!({
        "toot": "http://joinmastodon.org/ns#",
        "blurhash": "toot:blurhash",
        "focalPoint": { "@id": "toot:focalPoint", "@container": "@list" },
        "digestMultibase": "https://w3id.org/security#digestMultibase",
    })
}

fn multihash(digest: &FileDigest) -> String {
    multibase::encode(&[&SHA256_PREFIX[..], &digest.0].concat())
}

// Reading -----------------------------------------------------------------------------------------

/// What is attached to a post, as far as it is shown as more than a link; and whether there are other
/// files.
///
/// # Errors
/// When there is more of it than is looked at.
pub fn read_all(object: &Value, author: &Uri) -> Result<(Vec<ReceivedAttachment>, bool), Invalid> {
    let attached = entries(object, "attachment")?;
    let looked_at = attached.iter().take(ATTACHMENTS_MAX);
    let kept: Vec<_> = looked_at.filter_map(|one| read(one, author)).collect();
    let files = attached.iter().filter(|one| is_file(one)).count();
    let links_files = files > kept.len();
    Ok((kept, links_files))
}

/// Something one opens, not the way to a page.
fn is_file(attachment: &Value) -> bool {
    matches!(
        kind_of(attachment),
        Some("Document" | "Image" | "Audio" | "Video")
    )
}

/// Reads a picture, or a file of which is said what its bytes are, that is on the server of who wrote
/// the post: nobody has us fetch anything from anywhere else. What is covered by a warning stays a link.
pub fn read(attachment: &Value, author: &Uri) -> Option<ReceivedAttachment> {
    let is_covered = attachment.get("sensitive") == Some(&Value::Bool(true));
    if !is_file(attachment) || is_covered {
        return None;
    }
    let url = target(attachment).filter(|url| url.host() == author.host())?;
    let media_type = media_type(attachment);
    let digest = digest(attachment);
    let is_picture = match media_type.as_str() {
        "" => kind_of(attachment) == Some("Image"),
        named => PICTURES.contains(&named),
    };
    let kind = match (is_picture, digest) {
        (true, _) => AttachmentKind::Image,
        (false, Some(_)) => AttachmentKind::File,
        (false, None) => return None,
    };
    let name = text(attachment, "name", "nameMap").unwrap_or_default();
    let summary = text(attachment, "summary", "summaryMap");
    let number = |field| attachment.get(field).and_then(Value::as_u64);
    let blurhash = attachment.get("blurhash").and_then(Value::as_str);
    let measures = number("width").zip(number("height"));
    Some(ReceivedAttachment {
        url,
        kind,
        description: Description::cut(match kind {
            AttachmentKind::Image => summary.unwrap_or(name),
            AttachmentKind::File => summary.unwrap_or_default(),
        }),
        name: match kind {
            AttachmentKind::Image => String::new(),
            AttachmentKind::File => file_name(name),
        },
        focus: focus(attachment),
        measures: measures.and_then(|(width, height)| Measures::claimed(width, height, blurhash)),
        digest,
        media_type,
    })
}

/// Where it is.
pub fn target(attachment: &Value) -> Option<Uri> {
    let url = match attachment.get("url") {
        Some(Value::Array(urls)) => urls.iter().find_map(uri_of),
        Some(one) => uri_of(one),
        None => None,
    };
    url.or_else(|| uri_in(attachment, "href"))
}

/// Without parameters, in small letters; empty where it is not said, or said oddly.
fn media_type(attachment: &Value) -> String {
    let said = attachment.get("mediaType").and_then(Value::as_str);
    let said = said
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default();
    let said = said.trim().to_ascii_lowercase();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/.+-".contains(&byte);
    match said.len() <= MEDIA_TYPE_CHARS_MAX && said.bytes().all(plain) {
        true => said,
        false => String::new(),
    }
}

fn digest(attachment: &Value) -> Option<FileDigest> {
    let said = attachment.get("digestMultibase")?.as_str()?;
    let bytes = multibase::decode(said)?;
    let digest = bytes.strip_prefix(&SHA256_PREFIX)?;
    digest.try_into().ok().map(FileDigest)
}

fn focus(attachment: &Value) -> Option<Focus> {
    match attachment.get("focalPoint")?.as_array()?.as_slice() {
        [x, y] => Focus::new(x.as_f64()?, y.as_f64()?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ActorId, AttachmentId, PostId, Stored};
    use crate::federation::objects::tests::{acme, at};

    fn picture() -> Attachment {
        Attachment {
            id: AttachmentId(9),
            owner: ActorId(7),
            post: Some(PostId(41)),
            kind: AttachmentKind::Image,
            media_type: "image/jpeg".into(),
            name: "IMG_2041.jpg".into(),
            description: "The south side".into(),
            focus: Focus::new(0.5, -0.25),
            measures: Measures::claimed(800, 600, Some("LEHV6nWB2yk8pyo0adR*.7kCMdnj")),
            origin: None,
            stored: Some(Stored {
                digest: FileDigest([7; 32]),
                bytes: 5,
                preview: None,
            }),
            created_at: at("2026-03-01"),
        }
    }

    fn plan() -> Attachment {
        Attachment {
            kind: AttachmentKind::File,
            media_type: "application/pdf".into(),
            name: "plan.pdf".into(),
            description: String::new(),
            focus: None,
            measures: None,
            ..picture()
        }
    }

    #[test]
    fn what_we_write_we_read() {
        let written = render_all(&acme(), &[picture(), plan()]);
        assert_eq!(written[0]["name"], "The south side");
        assert_eq!(written[1]["name"], "plan.pdf");
        assert!(!written[0].to_string().contains("IMG_2041"));
        let author: Uri = "https://acme.example/u/ada".parse().unwrap();
        for (written, ours) in written.iter().zip([picture(), plan()]) {
            let read = read(written, &author).unwrap();
            assert_eq!(read.url, acme().attachment(ours.id));
            assert_eq!((read.kind, read.media_type), (ours.kind, ours.media_type));
            assert_eq!(read.description.as_str(), ours.description);
            assert_eq!((read.focus, read.measures), (ours.focus, ours.measures));
            assert_eq!(read.digest, ours.stored.map(|stored| stored.digest));
        }
    }

    #[test]
    fn nothing_is_fetched_from_anywhere_but_the_authors_server() {
        let author: Uri = "https://m.example/u/mara".parse().unwrap();
        let image = |url: &str| json!({ "type": "Image", "mediaType": "image/png", "url": url });
        assert!(read(&image("https://m.example/1.png"), &author).is_some());
        for other in [
            "https://files.m.example/1.png",
            "https://m.example:8443/1.png",
            "https://victim.example/1.png",
            "javascript:alert(1)",
            "data:image/png;base64,AAAA",
            "",
        ] {
            assert!(read(&image(other), &author).is_none(), "{other}");
        }
        let mut film = image("https://m.example/1.mp4");
        film["mediaType"] = json!("video/mp4");
        assert!(read(&film, &author).is_none());
        let object = json!({ "attachment": [image("https://m.example/1.png"), film,
            { "type": "Link", "href": "https://m.example/page" }] });
        let (kept, links_files) = read_all(&object, &author).unwrap();
        assert_eq!((kept.len(), links_files), (1, true));
        let mut covered = image("https://m.example/1.png");
        covered["sensitive"] = json!(true);
        assert!(read(&covered, &author).is_none());
    }
}
