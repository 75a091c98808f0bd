//! A rendered file, and the response that carries it.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, EntityTag, IfNoneMatch, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::Bytes;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};

/// Swagger UI and ReDoc set styles on elements, hence `unsafe-inline` for styles; both draw small pictures from `data:`
/// URLs, and ReDoc may search in a worker that it makes from a blob. Scripts come from here only, and none is inline.
pub(super) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; \
    frame-ancestors 'none'; form-action 'none'";

/// A file that does not change while the server runs.
#[derive(Clone, Debug)]
pub(super) struct Page {
    kind: String,
    bytes: Bytes,
    etag: EntityTag,
}

impl Page {
    pub(super) fn new(kind: &str, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        // Not a secret and not a signature: it only has to differ when the bytes do. The hasher has a fixed key, so
        // several servers of one build agree.
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let etag = EntityTag::new_strong(format!("{:016x}", hasher.finish()));
        Self { kind: kind.to_owned(), bytes, etag }
    }

    /// The response: the page, or 304 for a client that has it already.
    pub(super) fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let known = match request.get_header::<IfNoneMatch>() {
            Some(IfNoneMatch::Any) => true,
            Some(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&self.etag)),
            None => false,
        };
        let mut answer = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        answer
            .insert_header((ETAG, self.etag.to_string()))
            // A client may keep it, but asks each time: after an upgrade nobody reads the old document.
            .insert_header((CACHE_CONTROL, "no-cache"))
            .insert_header((CONTENT_SECURITY_POLICY, POLICY))
            .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((REFERRER_POLICY, "no-referrer"));
        if known {
            return answer.finish();
        }
        answer.insert_header((CONTENT_TYPE, self.kind.as_str())).body(self.bytes.clone())
    }
}
