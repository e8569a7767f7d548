//! What a failure of the client means.

use qdrant_client::QdrantError;

use crate::{VectorError, error::is_of_a_certificate};

// Codes of gRPC (github.com/grpc/grpc, doc/statuscodes.md).
const CANCELLED: i32 = 1;
const DEADLINE_EXCEEDED: i32 = 4;
const ALREADY_EXISTS: i32 = 6;
const PERMISSION_DENIED: i32 = 7;
const RESOURCE_EXHAUSTED: i32 = 8;
const OUT_OF_RANGE: i32 = 11;
const UNIMPLEMENTED: i32 = 12;
const UNAVAILABLE: i32 = 14;
const UNAUTHENTICATED: i32 = 16;

fn code(error: &QdrantError) -> Option<i32> {
    match error {
        QdrantError::ResponseError { status } => Some(i32::from(status.code())),
        _ => None,
    }
}

/// The error of a call: the way to the server, the key, or what was asked.
pub(super) fn of(error: QdrantError, what: &'static str, url: String) -> VectorError {
    match code(&error) {
        _ if is_untrusted(&error) => VectorError::Untrusted { url, source: said(error) },
        Some(PERMISSION_DENIED | UNAUTHENTICATED) => VectorError::Refused { url },
        Some(CANCELLED | DEADLINE_EXCEEDED | UNAVAILABLE) => {
            VectorError::Unreachable { url, source: said(error) }
        }
        _ if said_by_transport(&error) => VectorError::Unreachable { url, source: said(error) },
        Some(UNIMPLEMENTED) => {
            let source = format!("is it a Qdrant server, 1.16 or later? {}", said(error)).into();
            VectorError::Index { what, source }
        }
        _ => VectorError::Index { what, source: said(error) },
    }
}

/// Whether the server takes fewer points at once: its limit is on the bytes of a message.
pub(super) fn too_large(error: &QdrantError) -> bool {
    matches!(code(error), Some(RESOURCE_EXHAUSTED | OUT_OF_RANGE))
        && matches!(error, QdrantError::ResponseError { status } if status.message().contains("message length too large"))
}

/// Whether the error is that the collection is there.
pub(super) fn exists_already(error: &QdrantError) -> bool {
    code(error) == Some(ALREADY_EXISTS)
        || matches!(error, QdrantError::ResponseError { status } if status.message().contains("already exists"))
}

fn is_untrusted(error: &QdrantError) -> bool {
    matches!(error, QdrantError::ResponseError { status } if is_of_a_certificate(status.message()))
}

/// A server that is not there, or speaks no gRPC, such as Qdrant's REST port: the client calls some of that an internal error.
fn said_by_transport(error: &QdrantError) -> bool {
    matches!(error, QdrantError::ResponseError { status }
        if ["Failed to connect", "h2 protocol error", "transport error", "grpc-status", "content-type"]
            .iter()
            .any(|words| status.message().contains(words)))
}

/// The server's words alone: the client's text repeats the headers of the answer.
fn said(error: QdrantError) -> crate::error::Cause {
    match error {
        QdrantError::ResponseError { status } => format!("{:?}: {}", status.code(), status.message()).into(),
        other => other.into(),
    }
}
