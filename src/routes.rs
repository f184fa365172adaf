//! Addresses, and what answers them.
//!
//! actix-web tries one address after the other, and compiles a regular expression for each that has a
//! variable, anew for every worker: two hundred of them were a fifth of an idle server's memory. (Its
//! `unicode` feature makes them faster and eight times as large, so we do without.)
//! [`Routes::below`] puts what begins alike (`/p/{id}/…`) together, where the rest is plain text.
//!
//! The same list says what there is, so that tests walk every address without anybody remembering it.

use std::rc::Rc;

use actix_web::dev::{ServiceRequest, ServiceResponse, fn_service};
use actix_web::guard::GuardContext;
use actix_web::http::Method;
use actix_web::web::{ServiceConfig, method, scope};
use actix_web::{FromRequest, Handler, HttpResponse, Resource, Responder, Route, Scope};
use futures_util::future::LocalBoxFuture;

/// Any handler. Of one type for all of them, so that no code of theirs is touched before they are asked.
type Answering = Rc<
    dyn Fn(ServiceRequest) -> LocalBoxFuture<'static, Result<ServiceResponse, actix_web::Error>>,
>;

/// One address: a path, in which `{name}` stands for one segment, and what answers which method.
pub struct Place {
    path: String,
    answers: Vec<(Method, Answering)>,
    for_whom: Option<fn(&GuardContext<'_>) -> bool>,
    otherwise: Option<Answering>,
}

/// An address at which nothing answers yet.
pub fn at(path: impl Into<String>) -> Place {
    Place {
        path: path.into(),
        answers: Vec::new(),
        for_whom: None,
        otherwise: None,
    }
}

macro_rules! methods {
    ($($name:ident: $method:ident),+ $(,)?) => {$(
        #[must_use]
        pub fn $name<H, Args>(self, handler: H) -> Self
        where
            H: Handler<Args>,
            H::Output: Responder + 'static,
            Args: FromRequest + 'static,
        {
            self.by(Method::$method, handler)
        }
    )+};
}

impl Place {
    methods! { get: GET, head: HEAD, post: POST, put: PUT, delete: DELETE }

    #[must_use]
    pub fn by<H, Args>(mut self, by: Method, handler: H) -> Self
    where
        H: Handler<Args>,
        H::Output: Responder + 'static,
        Args: FromRequest + 'static,
    {
        self.answers.push((by, answering(handler)));
        self
    }

    /// Bytes to be read, which are asked for with `HEAD`, too.
    #[must_use]
    pub fn reads<H, Args>(self, handler: H) -> Self
    where
        H: Handler<Args>,
        H::Output: Responder + 'static,
        Args: FromRequest + 'static,
    {
        self.get(handler.clone()).head(handler)
    }

    /// Only requests of which this is true are answered here; others go on to the next room.
    #[must_use]
    pub fn only_for(mut self, guard: fn(&GuardContext<'_>) -> bool) -> Self {
        self.for_whom = Some(guard);
        self
    }

    /// What answers the other methods, instead of an empty 405.
    #[must_use]
    pub fn otherwise<H, Args>(mut self, handler: H) -> Self
    where
        H: Handler<Args>,
        H::Output: Responder + 'static,
        Args: FromRequest + 'static,
    {
        self.otherwise = Some(answering(handler));
        self
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    /// Up to its last variable; empty without one.
    fn beginning(&self) -> &str {
        let end = self.path.rfind('}').map_or(0, |last| last + 1);
        &self.path[..end]
    }

    fn into_resource(self, rest: &str) -> Resource {
        let mut resource = Resource::new(rest);
        if let Some(guard) = self.for_whom {
            resource = resource.guard(actix_web::guard::fn_guard(guard));
        }
        if let Some(otherwise) = self.otherwise {
            resource = resource.default_service(fn_service(move |request| otherwise(request)));
        }
        self.answers
            .into_iter()
            .fold(resource, |resource, (by, answer)| {
                resource.route(method(by).service(fn_service(move |request| answer(request))))
            })
    }
}

/// What actix-web does with a handler: its arguments are taken from the request, its answer is made one.
fn answering<H, Args>(handler: H) -> Answering
where
    H: Handler<Args>,
    H::Output: Responder + 'static,
    Args: FromRequest + 'static,
{
    Rc::new(move |request| {
        let handler = handler.clone();
        Box::pin(async move {
            let (request, mut payload) = request.into_parts();
            let answer = match Args::from_request(&request, &mut payload).await {
                Ok(arguments) => {
                    let answer = handler.call(arguments).await;
                    answer.respond_to(&request).map_into_boxed_body()
                }
                Err(error) => HttpResponse::from_error(error),
            };
            Ok(ServiceResponse::new(request, answer))
        })
    })
}

/// The addresses of a room.
#[derive(Default)]
pub struct Routes {
    places: Vec<Place>,
}

impl FromIterator<Place> for Routes {
    fn from_iter<I: IntoIterator<Item = Place>>(places: I) -> Self {
        Self {
            places: places.into_iter().collect(),
        }
    }
}

impl Routes {
    /// Adds an address. Of two that fit a request, the one added first answers, but for
    /// [`Self::below`].
    #[must_use]
    pub fn service(mut self, place: Place) -> Self {
        self.places.push(place);
        self
    }

    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.places.extend(others.places);
        self
    }

    /// Every address with its methods, as if below `base`.
    pub fn list(&self, base: &str) -> Vec<(String, Vec<Method>)> {
        let places = self.places.iter();
        places
            .map(|place| {
                let methods = place.answers.iter().map(|(method, _)| method.clone());
                (format!("{base}{}", place.path), methods.collect())
            })
            .collect()
    }

    /// Adds the addresses one by one: what none of them answers is left to the next room.
    pub fn among_others(self, config: &mut ServiceConfig) {
        for place in self.places {
            let path = place.path.clone();
            config.service(place.into_resource(&path));
        }
    }

    /// A scope of these addresses alone, in which `nowhere` answers everything else. A plain segment
    /// wins over a variable at its place, a longer address over a shorter one.
    pub fn below(self, base: &str, nowhere: fn() -> Route) -> Scope {
        let mut beginnings: Vec<String> = Vec::new();
        for place in &self.places {
            let beginning = place.beginning();
            if !beginning.is_empty() && !beginnings.iter().any(|known| known == beginning) {
                beginnings.push(beginning.to_owned());
            }
        }
        beginnings.sort_by_key(|beginning| std::cmp::Reverse(beginning.matches('/').count()));

        let mut groups: Vec<_> = beginnings
            .iter()
            .map(|beginning| (beginning, Vec::new()))
            .collect();
        let mut all = scope(base).default_service(nowhere());
        for place in self.places {
            let caught_by = beginnings
                .iter()
                .position(|known| covers(known, &place.path));
            match caught_by {
                Some(at) if beginnings[at] == place.beginning() => groups[at].1.push(place),
                // Plain where others have a variable, or without any: tried before these.
                _ => {
                    let path = place.path.clone();
                    all = all.service(place.into_resource(&path));
                }
            }
        }
        for (beginning, places) in groups {
            let group = scope(beginning).default_service(nowhere());
            all = all.service(places.into_iter().fold(group, |group, place| {
                let rest = place.path[beginning.len()..].to_owned();
                group.service(place.into_resource(&rest))
            }));
        }
        all
    }
}

/// Whether every address that fits `path` begins with something that fits `beginning`.
fn covers(beginning: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    beginning.split('/').all(|wanted| {
        let segment = segments.next();
        segment.is_some_and(|segment| segment == wanted || wanted.starts_with('{'))
    })
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;
    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    use actix_web::{App, HttpRequest, HttpResponse, web};

    use super::*;

    /// Says which address it was, and what stood for its variables.
    async fn say(request: HttpRequest) -> String {
        let parts: Vec<_> = request.match_info().iter().map(|(_, part)| part).collect();
        let pattern = request.match_pattern().unwrap_or_default();
        format!("{pattern} {}", parts.join(","))
    }

    async fn nowhere() -> HttpResponse {
        HttpResponse::NotFound().body("nowhere")
    }

    fn table() -> Routes {
        Routes::default()
            .service(at("/").get(say))
            .service(at("/g/{name}/members/{who}/role").get(say))
            .service(at("/g/{name}/members/add").get(say).post(say))
            .service(at("/g/{name}").get(say))
            .service(at("/g/{name}/members").get(say))
            .service(at("/g/{name}/members/{who}").get(say))
            .service(at("/g/all").get(say))
            .service(at("/p/{id}/pass/{pass}/preview").reads(say))
    }

    async fn asked(path: &str) -> (StatusCode, String) {
        let pages = || web::to(nowhere);
        let app = init_service(App::new().service(table().below("/x", pages))).await;
        let answer = call_service(&app, TestRequest::get().uri(path).to_request()).await;
        let status = answer.status();
        let body = read_body(answer).await;
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    #[actix_web::test]
    async fn every_address_is_found_whatever_others_begin_like() {
        for (path, said) in [
            ("/x/", "/x/ "),
            ("/x/g/a", "/x/g/{name} a"),
            ("/x/g/all", "/x/g/all "),
            ("/x/g/a/members", "/x/g/{name}/members a"),
            ("/x/g/a/members/add", "/x/g/{name}/members/add a"),
            ("/x/g/a/members/ada", "/x/g/{name}/members/{who} a,ada"),
            (
                "/x/g/a/members/ada/role",
                "/x/g/{name}/members/{who}/role a,ada",
            ),
            ("/x/p/1/pass/2/preview", "/x/p/{id}/pass/{pass}/preview 1,2"),
        ] {
            assert_eq!(
                asked(path).await,
                (StatusCode::OK, said.to_owned()),
                "{path}"
            );
        }
    }

    #[actix_web::test]
    async fn what_is_not_there_is_nowhere_at_every_depth() {
        for path in [
            "/x/y",
            "/x/g",
            "/x/g/a/",
            "/x/g/a/b",
            "/x/g/a/members/ada/b",
            "/x/g/a/members/",
            "/x/p/1",
            "/x/p/1/pass/2",
        ] {
            let nowhere = (StatusCode::NOT_FOUND, "nowhere".to_owned());
            assert_eq!(asked(path).await, nowhere, "{path}");
        }
    }

    #[actix_web::test]
    async fn other_methods_are_told_so() {
        let pages = || web::to(nowhere);
        let app = init_service(App::new().service(table().below("", pages))).await;
        let request = TestRequest::post().uri("/g/a").to_request();
        assert_eq!(call_service(&app, request).await.status(), 405);
    }
}
