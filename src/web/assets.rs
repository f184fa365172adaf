//! The style, the script and the mark: part of the program, kept by browsers for as long as the
//! program stays the same.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, EntityTag, Header as _, IfNoneMatch,
};
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};

use crate::error::Error;
use crate::web::errors::Answer;

struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

const ASSETS: &[Asset] = &[
    Asset {
        name: "style.css",
        kind: "text/css; charset=utf-8",
        bytes: include_bytes!("assets/style.css"),
    },
    Asset {
        name: "page.js",
        kind: "text/javascript; charset=utf-8",
        bytes: include_bytes!("assets/page.js"),
    },
    Asset {
        name: "favicon.svg",
        kind: "image/svg+xml",
        bytes: include_bytes!("assets/favicon.svg"),
    },
];

/// Names all files together: another program, another address, so nobody sees an old style.
const VERSION: u64 = version();

const fn version() -> u64 {
    // FNV-1a, because it can be worked out while compiling.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut file = 0;
    while file < ASSETS.len() {
        let mut at = 0;
        while at < ASSETS[file].bytes.len() {
            hash = (hash ^ ASSETS[file].bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
            at += 1;
        }
        file += 1;
    }
    hash
}

/// Where a page finds a file.
pub fn address(name: &str) -> String {
    format!("/assets/{name}?v={VERSION:016x}")
}

/// `GET /assets/{file}`
pub async fn show(request: HttpRequest, file: Path<String>) -> Answer {
    let wanted = |asset: &&Asset| asset.name == file.as_str();
    let asset = ASSETS.iter().find(wanted).ok_or(Error::NotFound)?;
    let tag = EntityTag::new_strong(format!("{VERSION:016x}"));
    let known = IfNoneMatch::parse(&request).is_ok_and(|sent| match sent {
        IfNoneMatch::Any => true,
        IfNoneMatch::Items(tags) => tags.iter().any(|one| one.weak_eq(&tag)),
    });
    // With the version in the address it never changes; without, the browser asks each time.
    let keep = match request.query_string().is_empty() {
        true => "public, no-cache",
        false => "public, max-age=31536000, immutable",
    };
    let status = match known {
        true => StatusCode::NOT_MODIFIED,
        false => StatusCode::OK,
    };
    let mut answer = HttpResponse::build(status);
    answer
        .insert_header((ETAG, tag.to_string()))
        .insert_header((CACHE_CONTROL, keep))
        .insert_header((CONTENT_TYPE, asset.kind));
    Ok(match known {
        true => answer.finish(),
        false => answer.body(asset.bytes),
    })
}
