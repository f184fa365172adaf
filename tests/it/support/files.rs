//! Pictures and files, and forms that carry them.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use serde_json::Value;

use super::forge::{Forged, Reply};
use super::world::{Member, text};

const BOUNDARY: &str = "----guildhall-test";

/// A PNG with a pattern; another one for each `seed`.
pub fn png(width: u32, height: u32, seed: u8) -> Vec<u8> {
    let picture = RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (x * 255 / width, y * 255 / height);
        Rgb([x as u8, y as u8, seed.wrapping_mul(37)])
    });
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(picture)
        .write_to(&mut bytes, ImageFormat::Png)
        .expect("a picture");
    bytes.into_inner()
}

/// Size of a picture in pixels.
pub fn size_of(picture: &[u8]) -> (u32, u32) {
    let picture = image::load_from_memory(picture).expect("a picture");
    (picture.width(), picture.height())
}

/// A form's media type and body: fields, and files with field, name, media type and bytes.
pub fn form(fields: &[(&str, &str)], files: &[(&str, &str, &str, &[u8])]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    let mut part = |head: String, bytes: &[u8]| {
        body.extend(
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n").bytes(),
        );
        body.extend(bytes);
        body.extend(b"\r\n");
    };
    for (name, value) in fields {
        part(format!("name=\"{name}\""), value.as_bytes());
    }
    for (field, name, kind, bytes) in files {
        let head = format!("name=\"{field}\"; filename=\"{name}\"\r\nContent-Type: {kind}");
        part(head, bytes);
    }
    body.extend(format!("--{BOUNDARY}--\r\n").bytes());
    (format!("multipart/form-data; boundary={BOUNDARY}"), body)
}

/// A request that uploads a file as clients do.
pub fn upload(host: &str, token: &str, name: &str, kind: &str, bytes: &[u8], alt: &str) -> Forged {
    let (content_type, body) = form(&[("description", alt)], &[("file", name, kind, bytes)]);
    let request = Forged::plain("POST", host, "/api/v2/media");
    request
        .with("Authorization", &format!("Bearer {token}"))
        .with("Content-Type", &content_type)
        .with_body(body)
}

impl Member {
    /// Uploads a file; its attachment.
    pub async fn upload(&self, name: &str, kind: &str, bytes: &[u8], alt: &str) -> Value {
        let request = upload(&self.host, &self.token, name, kind, bytes, alt);
        let reply = request.send(&self.address).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        serde_json::from_slice(&reply.body).expect("JSON")
    }

    /// Asks for what a link leads to as a client's picture is asked for: without any token.
    pub async fn open(&self, link: &Value) -> Reply {
        let path = text(link)
            .strip_prefix(&self.origin)
            .expect("a link of ours");
        Forged::plain("GET", &self.host, path)
            .send(&self.address)
            .await
    }
}
