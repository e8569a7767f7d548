//! All partners behind one address.

use std::{collections::HashMap, io, sync::Arc, time::Instant};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{Uri, header, request::Parts},
    response::Response,
};
use futures::stream;

use crate::{
    messages::{CannedResponse, IncomingRequest},
    mock_partner::MockPartner,
    partner::Partner,
    request_log::RequestLog,
    server::Behavior,
};

/// The largest body that a client may send. A form for a token is much smaller.
const MAX_BODY: usize = 64 * 1024;

/// The partners, how they behave, and the request log.
#[derive(Debug)]
pub(crate) struct ServerState {
    behavior: Behavior,
    partners: HashMap<String, MockPartner>,
    pub(crate) request_log: RequestLog,
}

impl ServerState {
    pub(crate) fn new(partners: &[Arc<Partner>], behavior: Behavior) -> Self {
        let partners =
            partners.iter().map(|own| (own.host.clone(), MockPartner::new(Arc::clone(own)))).collect();
        Self { behavior, partners, request_log: RequestLog::default() }
    }

    pub(crate) fn partner(&self, host: &str) -> Option<&MockPartner> {
        self.partners.get(host)
    }

    async fn receive(&self, request: Request) -> Response {
        let at = Instant::now();
        let (parts, body) = request.into_parts();
        let host = host_of(&parts);
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        let number = self.request_log.arrived(at, &host, target);
        tokio::time::sleep(self.behavior.latency).await;
        let Some(partner) = self.partner(&host) else {
            return self.send(number, CannedResponse::new(421, "no partner of this name is replayed here\n"));
        };
        if partner.is_down() {
            return hung_up();
        }
        let Ok(body) = to_bytes(body, MAX_BODY).await else {
            return self.send(number, CannedResponse::empty(413));
        };
        let request = IncomingRequest { method: parts.method, uri: parts.uri, headers: parts.headers, body };
        self.send(number, partner.answer(&self.behavior, &request))
    }

    fn send(&self, number: usize, answer: CannedResponse) -> Response {
        let response = answer.into_response();
        self.request_log.answered(number, response.status().as_u16());
        response
    }
}

/// Returns the web application, one for all partners.
pub(crate) fn app(state: Arc<ServerState>) -> Router {
    Router::new()
        .fallback(async |State(state): State<Arc<ServerState>>, request: Request| {
            state.receive(request).await
        })
        .with_state(state)
}

/// Returns the requested host, in lower case and without a port: the `Host` header, or the authority of an absolute target.
fn host_of(parts: &Parts) -> String {
    let header = parts.headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let named = header.and_then(|value| value.parse::<Uri>().ok());
    let host = named.as_ref().and_then(Uri::host).or_else(|| parts.uri.host());
    host.unwrap_or_default().to_ascii_lowercase()
}

/// Returns a body that fails before its first byte: the connection closes, and the client gets no answer.
fn hung_up() -> Response {
    let broken = stream::iter([Err::<Bytes, _>(io::Error::from(io::ErrorKind::ConnectionReset))]);
    Response::new(Body::from_stream(broken))
}
