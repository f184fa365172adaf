//! What software a server says it runs (NodeInfo). A hint and no more: anybody may call their software
//! anything.

use serde_json::Value;
use url::Url;

use crate::domain::{Host, Timestamp};
use crate::federation::fetch::media_type::is_resource_descriptor;
use crate::federation::fetch::{FetchError, Signer, get};
use crate::federation::json;
use crate::http::{Client, HttpError};

/// What schemas of every version begin with.
const SCHEMA: &str = "http://nodeinfo.diaspora.software/ns/schema/";
/// Longest name or version that is kept, characters.
const WORD_CHARS_MAX: usize = 40;

/// The name and version of a server's software.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Software {
    pub name: String,
    pub version: String,
}

/// Asks a server for its software: two requests, both to that host.
///
/// # Errors
/// See [`FetchError`]; [`FetchError::ForeignId`] when the document is said to be on another host.
pub async fn software(
    client: &Client,
    signer: Option<Signer<'_>>,
    host: &Host,
    now: Timestamp,
) -> Result<Software, FetchError> {
    let mut links = Err(FetchError::Http(HttpError::Refused("scheme")));
    for scheme in client.schemes() {
        let url = Url::parse(&format!("{scheme}://{host}/.well-known/nodeinfo"))
            .map_err(|_| FetchError::Shape("a host that is no address"))?;
        links = read(client, signer, &url, now).await;
        if !matches!(
            links,
            Err(FetchError::Http(
                HttpError::Unreachable(_) | HttpError::Broken(_)
            ))
        ) {
            break;
        }
    }
    let url = address(&links?, host)?;
    read_software(&read(client, signer, &url, now).await?)
}

async fn read(
    client: &Client,
    signer: Option<Signer<'_>>,
    url: &Url,
    now: Timestamp,
) -> Result<Value, FetchError> {
    let response = get(client, signer, url, "application/json", now).await?;
    let media_type = response.header("content-type");
    if !media_type.is_some_and(is_resource_descriptor) {
        return Err(FetchError::MediaType);
    }
    Ok(json::parse_bounded(&response.body)?)
}

/// Where the document is: of several versions the last one named.
fn address(links: &Value, host: &Host) -> Result<Url, FetchError> {
    let none = || FetchError::Shape("no NodeInfo");
    let links = links
        .get("links")
        .and_then(Value::as_array)
        .ok_or_else(none)?;
    let is_schema = |link: &&Value| {
        let rel = link.get("rel").and_then(Value::as_str);
        rel.is_some_and(|rel| rel.starts_with(SCHEMA))
    };
    let link = links.iter().rfind(is_schema).ok_or_else(none)?;
    let href = link.get("href").and_then(Value::as_str).ok_or_else(none)?;
    let url = Url::parse(href).map_err(|_| none())?;
    match Host::of_url(&url) {
        Some(named) if named == *host => Ok(url),
        _ => Err(FetchError::ForeignId),
    }
}

fn read_software(document: &Value) -> Result<Software, FetchError> {
    let word = |name: &str| {
        let text = document.get("software")?.get(name)?.as_str()?;
        let shown = text.chars().filter(|c| c.is_ascii_graphic());
        Some(shown.take(WORD_CHARS_MAX).collect::<String>())
    };
    let name = word("name").filter(|name| !name.is_empty());
    Ok(Software {
        name: name.ok_or(FetchError::Shape("no name of software"))?,
        version: word("version").unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::federation::objects::tests::fixture;

    #[test]
    fn the_document_is_on_the_servers_own_host() {
        let host: Host = "snac.example:8001".parse().unwrap();
        let links = |href: &str| {
            json!({ "links": [
                { "rel": format!("{SCHEMA}2.0"), "href": href },
                { "rel": "https://www.w3.org/ns/activitystreams#Application", "href": "https://snac.example:8001/actor" },
            ] })
        };
        let own = "https://snac.example:8001/nodeinfo_2_0";
        assert_eq!(address(&links(own), &host).unwrap().as_str(), own);
        for foreign in [
            "https://snac.example/n",
            "https://169.254.169.254/n",
            "file:///n",
        ] {
            let refused = address(&links(foreign), &host);
            assert!(matches!(refused, Err(FetchError::ForeignId)), "{foreign}");
        }
        assert!(address(&json!({ "links": [] }), &host).is_err());
    }

    #[test]
    fn the_software_is_named_in_plain_letters() {
        let read = read_software(&fixture("mastodon/nodeinfo")).unwrap();
        assert_eq!(
            (read.name.as_str(), read.version.as_str()),
            ("mastodon", "4.5.1")
        );
        let odd = json!({ "software": { "name": "<b>\u{202e}x\n", "version": 4 } });
        let read = read_software(&odd).unwrap();
        assert_eq!((read.name.as_str(), read.version.as_str()), ("<b>x", ""));
        assert!(read_software(&json!({ "software": {} })).is_err());
    }
}
