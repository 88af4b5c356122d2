//! The OpenAPI document and the JSON Schemas, both made from the routes and shapes themselves.

use std::sync::LazyLock;

use actix_web::App;
use serde_json::{Map, Value, json};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        OpenApi as Document, RefOr, Schema,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_actix_web::AppExt;
use whymid_schemas::{CauseEvent, Problem};

use crate::{refusals, routes};

/// The name of the security scheme; its requirements list scopes.
pub(crate) const SCHEME: &str = "token";

/// Shapes that stand within others (`allOf`), with more members beside theirs: that they take no
/// further members, as the service holds, would say there that nothing fits.
const WITHIN: [&str; 9] = [
    "Terms",
    "Webhook",
    "RequestTracker",
    "Redmine",
    "Jira",
    "Servicenow",
    "Zammad",
    "Pagerduty",
    "Email",
];

/// What the document says of itself, beside the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "whymid",
        description = "Answers \"why was this MID aborted?\" for Cisco Secure Email Gateway, from its `mail_logs`.\n\n\
            Times are RFC 3339, in UTC unless `tz` asks for another zone. Human texts are English or Japanese, by `lang` or `Accept-Language`. \
            Absent members are absent; empty lists stay. Every error is an `application/problem+json` with a stable `code`: \
            400 where a request cannot be read, 422 where it can be read and asks for what cannot be. \
            Unknown query parameters are errors. HEAD is answered wherever GET is.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    tags(
        (name = "answers", description = "Ask why"),
        (name = "messages", description = "Messages"),
        (name = "connections", description = "Connections"),
        (name = "appliances", description = "The gateways"),
        (name = "lines", description = "Hand in log lines"),
        (name = "knowledge", description = "Diagnoses and articles"),
        (name = "tickets", description = "Tickets and notifications"),
        (name = "operations", description = "The service itself"),
        (name = "pages", description = "Pages for people"),
    ),
    components(schemas(Problem, CauseEvent)),
    modifiers(&Finish),
)]
struct Frame;

struct Finish;

impl Modify for Finish {
    fn modify(&self, document: &mut Document) {
        document.info.contact = None;
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(
            "An API token (`whymid token new`). The scopes that a call takes stand beside it; `admin` passes everywhere. \
             Not needed where the service listens on loopback only and no token is configured.",
        ));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme(SCHEME, SecurityScheme::Http(scheme.build()));
        components.responses = refusals::components();
    }
}

fn document() -> Document {
    let app = App::new().into_utoipa_app().openapi(Frame::openapi());
    let mut document = app.configure(routes::register).split_for_parts().1;
    let schemas = document
        .components
        .iter_mut()
        .flat_map(|components| &mut components.schemas);
    for (name, schema) in schemas {
        if let RefOr::T(Schema::Object(object)) = schema
            && WITHIN.contains(&name.as_str())
        {
            object.additional_properties = None;
        }
    }
    document
}

/// The document as YAML; the same text each time.
pub(crate) fn yaml() -> &'static str {
    static YAML: LazyLock<String> = LazyLock::new(|| {
        document()
            .to_yaml()
            .unwrap_or_else(|error| format!("# failed to write the document: {error}\n"))
    });
    &YAML
}

/// The document as a JSON value.
pub(crate) fn as_json() -> Value {
    serde_json::to_value(document()).unwrap_or_default()
}

/// The JSON Schemas (2020-12) of the shapes that leave the process on other ways than HTTP.
pub(crate) fn schemas() -> Vec<(&'static str, String)> {
    let document = as_json();
    let components = &document["components"]["schemas"];
    let shapes = [
        ("answer", "Answer"),
        ("problem", "Problem"),
        ("cause_event", "CauseEvent"),
    ];
    shapes
        .into_iter()
        .map(|(name, shape)| (name, schema(name, shape, components)))
        .collect()
}

fn schema(name: &str, shape: &str, components: &Value) -> String {
    let mut needed = Map::new();
    collect(components, shape, &mut needed);
    let mut schema = needed.remove(shape).unwrap_or_default();
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["$id"] = json!(format!("urn:whymid:schema:{name}:1"));
    schema["title"] = json!(shape);
    if !needed.is_empty() {
        schema["$defs"] = Value::Object(needed);
    }
    format!("{schema:#}\n")
}

/// Collects a component and all that it refers to, its references turned to `$defs`.
fn collect(components: &Value, shape: &str, needed: &mut Map<String, Value>) {
    if needed.contains_key(shape) {
        return;
    }
    let mut schema = components[shape].clone();
    let mut others = Vec::new();
    point_to_defs(&mut schema, &mut others);
    needed.insert(shape.to_owned(), schema);
    for other in others {
        collect(components, &other, needed);
    }
}

fn point_to_defs(schema: &mut Value, others: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(target)) = members.get_mut("$ref")
                && let Some(name) = target.strip_prefix("#/components/schemas/")
            {
                others.push(name.to_owned());
                *target = format!("#/$defs/{name}");
            }
            members
                .values_mut()
                .for_each(|member| point_to_defs(member, others));
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| point_to_defs(item, others)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
