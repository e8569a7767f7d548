//! The OpenAPI document of the API, at `/v1/openapi.json`.

use axum::{Json, http::header, response::IntoResponse};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        Content, OpenApi as Document, Ref, ResponseBuilder,
        path::Operation,
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use super::{Problem, v1};

/// Operations that need no token: what they serve is public.
const OPEN: [&str; 3] = ["/v1/openapi.json", "/v1/search", "/v1/vocabularies"];

/// The document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "oim-etl",
        description = "Opportunities for returning migrants in Cameroon, and the service that loads them. Send a token as \
            `Authorization: Bearer TOKEN`. Its scope is `read` (look), `operate` (act) or `admin` (also change source files, create and revoke tokens). \
            Lists have `items`, `total` and `next`; send `next` as `after` for the next page. Limits that are out of range are refused. \
            Each error is an `application/problem+json` (RFC 9457): 400 cannot be understood, 422 is understood and cannot be, 409 does \
            not fit the state of things, 410 is no longer kept."
    ),
    paths(
        document, v1::ingest::ingest, v1::again::item, v1::again::replay,
        v1::runs::list, v1::runs::show, v1::runs::publish, v1::runs::discard, v1::runs::cancel, v1::runs::revert,
        v1::sources::list, v1::sources::show, v1::sources::pause, v1::sources::resume, v1::sources::rate,
        v1::registry::show, v1::registry::apply, v1::registry::versions, v1::registry::rollback, v1::registry::forget,
        v1::alerts::list, v1::alerts::silence, v1::alerts::unsilence,
        v1::opportunities::list, v1::opportunities::show, v1::opportunities::changes, v1::search::search,
        v1::rejections::list, v1::dead::list, v1::dead::show, v1::dead::retry, v1::dead::discard,
        v1::duplicates::list, v1::duplicates::decide,
        v1::status::status, v1::digest::digest, v1::status::schedules, v1::status::vocabularies,
        v1::tokens::list, v1::tokens::create, v1::tokens::revoke, v1::tokens::actions
    ),
    components(schemas(Problem)),
    modifiers(&Common)
)]
pub(crate) struct ApiDocument;

/// What all operations have in common.
struct Common;

impl Modify for Common {
    fn modify(&self, document: &mut Document) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        if let Some(components) = &mut document.components {
            components.add_security_scheme("token", SecurityScheme::Http(bearer));
        }
        for (path, item) in &mut document.paths.paths {
            let each = [&mut item.get, &mut item.post, &mut item.put, &mut item.delete];
            for operation in each.into_iter().flatten() {
                common(operation, OPEN.contains(&path.as_str()));
            }
        }
    }
}

/// Adds the answer to every mistake, and the token.
fn common(operation: &mut Operation, is_open: bool) {
    let problem = ResponseBuilder::new()
        .description("What is wrong (RFC 9457)")
        .content("application/problem+json", Content::new(Some(Ref::from_schema_name("Problem"))))
        .build();
    operation.responses.responses.insert("default".to_owned(), problem.into());
    if !is_open {
        operation.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>("token", [])]);
    }
}

/// The description of this API: OpenAPI 3.1
#[utoipa::path(get, path = "/v1/openapi.json", tag = "service", responses((status = 200, description = "The document", body = serde_json::Value)))]
pub(crate) async fn document() -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "max-age=300")], Json(ApiDocument::openapi()))
}
