//! Somebody at a browser without scripts: goes to addresses, fills in forms that are really on the
//! page, keeps cookies, follows redirects.

use std::collections::BTreeMap;

use reqwest::header::{HOST, LOCATION, SET_COOKIE};
use reqwest::{Method, StatusCode};

use super::process::Instance;
use super::world::client;

/// Redirects followed for one step.
const REDIRECTS_MAX: usize = 5;

/// A browser, where it is, and what it shows.
pub struct Person {
    client: reqwest::Client,
    address: String,
    host: String,
    cookies: BTreeMap<String, String>,
    pub page: Page,
}

/// What a server answered.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub status: u16,
    /// With its fragment.
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub html: String,
}

impl Person {
    /// Somebody nobody knows yet.
    pub fn at(instance: &Instance) -> Self {
        Self {
            client: client(),
            address: instance.address(),
            host: instance.host(),
            cookies: BTreeMap::new(),
            page: Page::default(),
        }
    }

    /// Somebody with an account, signed in.
    pub async fn signed_in(instance: &Instance, name: &str, password: &str) -> Self {
        let mut person = Self::at(instance);
        person.sign_in(name, password).await;
        assert_eq!(person.page.path, "/", "{}", person.page.text());
        person
    }

    pub async fn sign_in(&mut self, name: &str, password: &str) -> &Page {
        self.go("/sign-in").await;
        let fields = [("username", name), ("password", password)];
        self.send("/sign-in", &fields).await
    }

    /// Types an address or follows a link.
    pub async fn go(&mut self, path: &str) -> &Page {
        let answer = self.ask(Method::GET, path, None, &[]).await;
        self.follow(answer).await
    }

    /// Sends the form of the page that goes to `action`, with its hidden fields and these.
    pub async fn send(&mut self, action: &str, fields: &[(&str, &str)]) -> &Page {
        let form = self.page.form(action);
        let Some(Form { mut hidden }) = form else {
            panic!(
                "no form to {action} at {}: {}",
                self.page.path,
                self.page.text()
            )
        };
        hidden.retain(|(name, _)| fields.iter().all(|(other, _)| other != name));
        hidden.extend(own(fields));
        let body = Some(encode(&hidden));
        let answer = self.ask(Method::POST, action, body, &[]).await;
        self.follow(answer).await
    }

    /// The same with files: field, name, media type and bytes of each.
    pub async fn send_files(
        &mut self,
        action: &str,
        fields: &[(&str, &str)],
        files: &[(&str, &str, &str, &[u8])],
    ) -> &Page {
        let form = self.page.form(action);
        let Form { hidden } = form.unwrap_or_else(|| panic!("no form to {action}"));
        let all = hidden
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let all: Vec<(&str, &str)> = all.chain(fields.iter().copied()).collect();
        let (kind, body) = super::files::form(&all, files);
        let answer = self.post_raw_body(action, &kind, body).await;
        self.follow(answer).await
    }

    /// Sends a body of any kind, with the cookies there are.
    pub async fn post_raw_body(&mut self, path: &str, kind: &str, body: Vec<u8>) -> Page {
        let headers = [("content-type", kind)];
        self.ask_with(Method::POST, path, Some(body), &headers)
            .await
    }

    /// Sends something no page offers: what an attacker or a stale page would.
    pub async fn post_raw(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Page {
        let body = Some(encode(&own(fields)));
        self.ask(Method::POST, path, body, headers).await
    }

    /// One request, without following where it leads.
    pub async fn get_raw(&mut self, path: &str, headers: &[(&str, &str)]) -> Page {
        self.ask(Method::GET, path, None, headers).await
    }

    /// The token of the page's forms.
    pub fn csrf(&self) -> String {
        self.page.field("csrf").expect("a form")
    }

    async fn follow(&mut self, mut answer: Page) -> &Page {
        for _ in 0..REDIRECTS_MAX {
            if !StatusCode::from_u16(answer.status)
                .expect("a status")
                .is_redirection()
            {
                break;
            }
            let next = answer.headers["location"].clone();
            answer = self.ask(Method::GET, &next, None, &[]).await;
        }
        self.page = answer;
        &self.page
    }

    async fn ask(
        &mut self,
        method: Method,
        path: &str,
        form: Option<String>,
        headers: &[(&str, &str)],
    ) -> Page {
        let mut headers = headers.to_vec();
        if form.is_some() {
            headers.push(("content-type", "application/x-www-form-urlencoded"));
        }
        let body = form.map(String::into_bytes);
        self.ask_with(method, path, body, &headers).await
    }

    async fn ask_with(
        &mut self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        headers: &[(&str, &str)],
    ) -> Page {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let address = format!(
            "http://{}{}",
            self.address,
            path.split('#').next().unwrap_or_default()
        );
        let mut request = self
            .client
            .request(method, address)
            .header(HOST, &self.host);
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await.expect("an answer");
        for cookie in response.headers().get_all(SET_COOKIE) {
            self.keep(cookie.to_str().expect("text"));
        }
        let mut headers = BTreeMap::new();
        for (name, value) in response.headers() {
            headers.insert(name.to_string(), value.to_str().expect("text").to_owned());
        }
        Page {
            status: response.status().as_u16(),
            path: match headers.get(LOCATION.as_str()) {
                Some(next) => next.clone(),
                None => path.to_owned(),
            },
            headers,
            html: String::from_utf8_lossy(&response.bytes().await.expect("bytes")).into_owned(),
        }
    }

    fn keep(&mut self, cookie: &str) {
        let pair = cookie.split(';').next().unwrap_or_default();
        let Some((name, value)) = pair.split_once('=') else {
            return;
        };
        if value.is_empty() {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

struct Form {
    hidden: Vec<(String, String)>,
}

impl Page {
    /// What a person reads, without the frame.
    pub fn text(&self) -> String {
        let from = self.html.find("<main").unwrap_or_default();
        let to = self.html.find("</main>").unwrap_or(self.html.len());
        text_of(&self.html[from..to])
    }

    pub fn says(&self, words: &str) -> bool {
        self.text().contains(words)
    }

    /// The sentence above the form after something went wrong.
    pub fn problem(&self) -> Option<String> {
        self.between("role=\"alert\">", "</p>")
            .map(|html| text_of(&html))
    }

    /// The sentence after something went well.
    pub fn notice(&self) -> Option<String> {
        self.between("role=\"status\">", "</p>")
            .map(|html| text_of(&html))
    }

    /// The value of the first field of that name.
    pub fn field(&self, name: &str) -> Option<String> {
        self.between(&format!("name=\"{name}\" value=\""), "\"")
            .map(|html| unescape(&html))
    }

    /// The number in the fragment, of the comment one was led to.
    pub fn comment(&self) -> String {
        let at = self.path.split_once("#c-");
        at.map(|(_, id)| id.to_owned())
            .unwrap_or_else(|| panic!("{} is not a comment", self.path))
    }

    fn form(&self, action: &str) -> Option<Form> {
        let start = self
            .html
            .find(&format!("method=\"post\" action=\"{action}\""))?;
        let end = self.html[start..].find("</form>")? + start;
        let inside = &self.html[start..end];
        let hidden = inside
            .split("<input type=\"hidden\" name=\"")
            .skip(1)
            .filter_map(|rest| {
                let (name, rest) = rest.split_once('"')?;
                let value = rest.split_once("value=\"")?.1.split('"').next()?;
                Some((name.to_owned(), unescape(value)))
            });
        Some(Form {
            hidden: hidden.collect(),
        })
    }

    fn between(&self, before: &str, after: &str) -> Option<String> {
        let rest = self.html.split_once(before)?.1;
        rest.split_once(after).map(|(inside, _)| inside.to_owned())
    }
}

fn text_of(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for letter in html.chars() {
        match letter {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                text.push(' ');
            }
            letter if !inside => text.push(letter),
            _ => {}
        }
    }
    let text = unescape(&text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn unescape(html: &str) -> String {
    html.replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#38;", "&")
        .replace("&amp;", "&")
}

fn own(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    fields.iter().map(own).collect()
}

fn encode(fields: &[(String, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}
