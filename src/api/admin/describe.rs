//! The document that describes the API (OpenAPI 3.1), made from the types of its handlers.
//!
//! A handler's arguments say what goes in, its answer what comes out, the method which scope it needs;
//! only the sentence about what it does is written by hand, where the address is. utoipa has the model
//! and derives the schemas; its macro for handlers is not used, for it would say again, in attributes,
//! what the types say.

use actix_web::http::Method;
use actix_web::web::{Data, Json};
use actix_web::{FromRequest, Handler, HttpRequest, Responder};
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{Array, ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, Content, Header, InfoBuilder, OpenApi, OpenApiBuilder, Paths, Ref, RefOr,
    Required, ResponseBuilder, ServerBuilder,
};
use utoipa::{IntoParams, PartialSchema as _, ToSchema};

use crate::api::admin::door::{Administrator, scope_for};
use crate::api::admin::errors::{Failure, Problem};
use crate::api::admin::parts::{
    Asked, At, AtBoth, DoneOr, List, Made, MadeOr, Paged, Sent, Work, WorkOr,
};
use crate::api::admin::{Answer, BASE};
use crate::app::App;
use crate::routes;
use crate::wire::{Job, Proposal};

/// What is kept under a name in the document.
type Named = (String, RefOr<Schema>);

/// An address, what it does by which method, and what is to be said of each.
pub struct Place {
    place: routes::Place,
    acts: Vec<Act>,
}

struct Act {
    method: Method,
    summary: &'static str,
    /// Only asked by who reads the document: the types of all handlers are a lot to describe.
    describe: fn(&mut Sketch),
}

/// An address below [`BASE`].
pub fn at(path: &'static str) -> Place {
    Place {
        place: routes::at(path).otherwise(wrong_method),
        acts: Vec::new(),
    }
}

async fn wrong_method() -> Answer<&'static str> {
    Err(Failure::WrongMethod)
}

macro_rules! methods {
    ($($name:ident: $method:ident),+ $(,)?) => {$(
        pub fn $name<H, A>(self, summary: &'static str, handler: H) -> Self
        where
            H: Handler<A>,
            A: FromRequest + Described + 'static,
            H::Output: Responder + Described + 'static,
        {
            self.by(Method::$method, summary, handler)
        }
    )+};
}

impl Place {
    methods! { get: GET, post: POST, put: PUT, patch: PATCH, delete: DELETE }

    fn by<H, A>(mut self, by: Method, summary: &'static str, handler: H) -> Self
    where
        H: Handler<A>,
        A: FromRequest + Described + 'static,
        H::Output: Responder + Described + 'static,
    {
        self.acts.push(Act {
            method: by.clone(),
            summary,
            describe: |sketch| {
                A::describe(sketch);
                H::Output::describe(sketch);
            },
        });
        self.place = self.place.by(by, handler);
        self
    }

    /// What answers here, without the words.
    pub fn undescribed(self) -> routes::Place {
        self.place
    }
}

/// What is known of an operation.
#[derive(Default)]
pub struct Sketch {
    parameters: Vec<Parameter>,
    body: Option<RefOr<Schema>>,
    /// Status, what it means, and the document that comes with it.
    answers: Vec<(&'static str, &'static str, RefOr<Schema>)>,
    is_part: bool,
    named: Vec<Named>,
}

impl Sketch {
    /// A reference to a type's schema, which is kept with all that it refers to.
    fn refer<T: ToSchema>(&mut self) -> Ref {
        T::schemas(&mut self.named);
        self.named.push((T::name().into_owned(), T::schema()));
        Ref::from_schema_name(T::name())
    }

    fn answer(
        &mut self,
        status: &'static str,
        meaning: &'static str,
        schema: impl Into<RefOr<Schema>>,
    ) {
        self.answers.push((status, meaning, schema.into()));
    }
}

/// An argument or answer of a handler that says what it is.
pub trait Described {
    fn describe(sketch: &mut Sketch);
}

macro_rules! silent {
    ($($argument:ty),+ $(,)?) => {$(
        impl Described for $argument {
            fn describe(_: &mut Sketch) {}
        }
    )+};
}

silent!(Data<App>, HttpRequest, Administrator);

/// What stands in the address is seen in the address.
impl<T> Described for At<T> {
    fn describe(_: &mut Sketch) {}
}

impl<A, B> Described for AtBoth<A, B> {
    fn describe(_: &mut Sketch) {}
}

impl<T: IntoParams> Described for Asked<T> {
    fn describe(sketch: &mut Sketch) {
        sketch
            .parameters
            .extend(T::into_params(|| Some(ParameterIn::Query)));
    }
}

impl<T: ToSchema> Described for Sent<T> {
    fn describe(sketch: &mut Sketch) {
        let schema = sketch.refer::<T>();
        sketch.body = Some(schema.into());
    }
}

impl<T: ToSchema> Described for Json<T> {
    fn describe(sketch: &mut Sketch) {
        let schema = sketch.refer::<T>();
        sketch.answer("200", "How it is", schema);
    }
}

impl<T: ToSchema> Described for Made<T> {
    fn describe(sketch: &mut Sketch) {
        let schema = sketch.refer::<T>();
        sketch.answer("201", "It is made", schema);
    }
}

impl<T: ToSchema> Described for DoneOr<T> {
    fn describe(sketch: &mut Sketch) {
        let schema = sketch.refer::<T>();
        sketch.answer("200", "It is done", schema);
        let schema = sketch.refer::<Proposal>();
        sketch.answer("202", "It waits for a second administrator", schema);
    }
}

impl<T: ToSchema> Described for MadeOr<T> {
    fn describe(sketch: &mut Sketch) {
        let schema = sketch.refer::<T>();
        sketch.answer("201", "It is made", schema);
        let schema = sketch.refer::<Proposal>();
        sketch.answer("202", "It waits for a second administrator", schema);
    }
}

impl Described for WorkOr {
    fn describe(sketch: &mut Sketch) {
        let job = sketch.refer::<Job>();
        sketch.answer("200", "It is done", job.clone());
        let proposal = sketch.refer::<Proposal>();
        let either = OneOfBuilder::new().item(job).item(proposal);
        sketch.answer(
            "202",
            "It goes on: look at `/jobs/{job}`; or it waits for a second administrator",
            Schema::OneOf(either.build()),
        );
    }
}

impl<T: ToSchema> Described for List<T> {
    fn describe(sketch: &mut Sketch) {
        let items = Array::new(sketch.refer::<T>());
        sketch.answer("200", "All of them", Schema::Array(items));
    }
}

impl<T: ToSchema> Described for Paged<T> {
    fn describe(sketch: &mut Sketch) {
        sketch.is_part = true;
        let items = Array::new(sketch.refer::<T>());
        sketch.answer(
            "200",
            "A part of the list, newest first",
            Schema::Array(items),
        );
    }
}

impl Described for Work {
    fn describe(sketch: &mut Sketch) {
        let schema = sketch.refer::<Job>();
        sketch.answer("200", "It is done", schema.clone());
        sketch.answer("202", "It goes on: look at `/jobs/{job}`", schema);
    }
}

impl<T: Described> Described for Answer<T> {
    fn describe(sketch: &mut Sketch) {
        T::describe(sketch);
    }
}

macro_rules! arguments {
    ($($part:ident)*) => {
        impl<$($part: Described),*> Described for ($($part,)*) {
            fn describe(_sketch: &mut Sketch) {
                $($part::describe(_sketch);)*
            }
        }
    };
}

arguments!();
arguments!(A);
arguments!(A B);
arguments!(A B C);
arguments!(A B C D);
arguments!(A B C D E);

/// The whole document.
pub fn document(places: &[Place]) -> OpenApi {
    let mut paths = Paths::new();
    let mut components = ComponentsBuilder::new()
        .schema(Problem::name(), Problem::schema())
        .security_scheme("token", bearer());
    for place in places {
        for act in &place.acts {
            let mut sketch = Sketch::default();
            (act.describe)(&mut sketch);
            for (name, schema) in std::mem::take(&mut sketch.named) {
                components = components.schema(name, schema);
            }
            let path = place.place.path();
            let operation = operation(path, act, sketch);
            paths.add_path_operation(path, vec![http_method(&act.method)], operation);
        }
    }
    let about = InfoBuilder::new()
        .title("Guildhall admin API")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "What administration pages and commands do, for scripts. Tokens are made by `guildhall token create NAME \
             --scopes \"admin:read admin:write\"` and act as the account they belong to, which has to be an \
             administrator's.",
        ));
    OpenApiBuilder::new()
        .info(about.build())
        .servers(Some([ServerBuilder::new().url(BASE).build()]))
        .paths(paths)
        .components(Some(components.build()))
        .build()
}

fn bearer() -> SecurityScheme {
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
    SecurityScheme::Http(scheme.build())
}

fn operation(path: &str, act: &Act, sketch: Sketch) -> Operation {
    let id = path.replace(['{', '}'], "").replace('/', "_");
    let method = act.method.as_str().to_ascii_lowercase();
    let tag = path.split('/').nth(1).unwrap_or_default();
    let scope = scope_for(&act.method);
    let mut operation = OperationBuilder::new()
        .operation_id(Some(format!("{method}{id}")))
        .tag(tag)
        .summary(Some(act.summary))
        .security(SecurityRequirement::new("token", [scope]));
    for name in placeholders(path) {
        operation = operation.parameter(placeholder(name));
    }
    for parameter in sketch.parameters {
        operation = operation.parameter(parameter);
    }
    if let Some(schema) = sketch.body {
        let body = RequestBodyBuilder::new()
            .content("application/json", Content::new(Some(schema)))
            .required(Some(Required::True));
        operation = operation.request_body(Some(body.build()));
    }
    for (status, meaning, schema) in sketch.answers {
        let mut answer = response(meaning, schema);
        if sketch.is_part {
            answer = answer.header("Link", link());
        }
        operation = operation.response(status, answer.build());
    }
    let problem = || RefOr::from(Ref::from_schema_name(Problem::name()));
    operation
        .response(
            "401",
            response("No token, or one that is not valid", problem()).build(),
        )
        .response(
            "403",
            response("Not for this token, or not for its owner", problem()).build(),
        )
        .response(
            "default",
            response("Why it was not done", problem()).build(),
        )
        .build()
}

fn response(meaning: &str, schema: RefOr<Schema>) -> ResponseBuilder {
    ResponseBuilder::new()
        .description(meaning)
        .content("application/json", Content::new(Some(schema)))
}

fn link() -> Header {
    let mut header = Header::default();
    header.description = Some("`rel=\"next\"`: the next part; the last part has none".to_owned());
    header
}

/// The names between braces.
fn placeholders(path: &str) -> impl Iterator<Item = &str> {
    let segments = path.split('/');
    segments.filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

fn placeholder(name: &str) -> Parameter {
    let meaning = match name {
        "user" => "Name or e-mail address of an account",
        "group" => "Name of a group, or its handle",
        "who" => "Name of a colleague, or `name@host`",
        "partner" | "host" => "Name of a server, with its port where it is not the usual one",
        "name" => "Name of a person or group of this house, or `actor`",
        _ => "Its number",
    };
    let text = ObjectBuilder::new().schema_type(Type::String);
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(meaning))
        .schema(Some(text))
        .build()
}

fn http_method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PUT => HttpMethod::Put,
        Method::PATCH => HttpMethod::Patch,
        Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}
