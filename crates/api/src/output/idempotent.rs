//! Replies that are stored and replayed when the request is sent again.

use std::marker::PhantomData;

use actix_web::http::StatusCode;
use actix_web::http::header::EntityTag;
use belfort_workspace::idempotency::Stored;
use serde::{Deserialize, Serialize};

use super::reply::{Description, Parts, Reply, responder};
use crate::error::{ApiResult, Problem};

/// The reply `R`, made now or when the same request was sent before with the same `Idempotency-Key`.
pub(crate) struct Idempotent<R> {
    stored: Stored,
    of: PhantomData<fn() -> R>,
}

/// The headers that are stored.
#[derive(Serialize, Deserialize)]
struct Headers {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<String>,
}

impl<R: Reply> Idempotent<R> {
    /// The reply in its stored form.
    pub(crate) fn store(reply: R) -> ApiResult<Stored> {
        let Parts { status, etag, location, body } = reply.into_parts()?;
        let headers = Headers { etag: etag.map(|tag| tag.to_string()), location };
        Ok(Stored {
            status: i16::try_from(status.as_u16()).map_err(Problem::internal)?,
            headers: serde_json::to_value(headers).map_err(Problem::internal)?,
            body: body.unwrap_or_default(),
        })
    }

    /// The reply from its stored form.
    pub(crate) fn replay(stored: Stored) -> Self {
        Self { stored, of: PhantomData }
    }
}

impl<R: Reply> Reply for Idempotent<R> {
    fn describe() -> Description {
        Description { idempotent: true, ..R::describe() }
    }

    fn into_parts(self) -> ApiResult<Parts> {
        let Stored { status, headers, body } = self.stored;
        let status = u16::try_from(status).map_err(Problem::internal)?;
        let Headers { etag, location } = serde_json::from_value(headers).map_err(Problem::internal)?;
        let etag = etag.map(|tag| tag.parse::<EntityTag>()).transpose().map_err(Problem::internal)?;
        Ok(Parts {
            status: StatusCode::from_u16(status).map_err(Problem::internal)?,
            etag,
            location,
            body: Some(body).filter(|body| !body.is_empty()),
        })
    }
}
responder!([R: Reply] Idempotent<R>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{Created, Json, Location, Versioned};

    fn replayed<R: Reply>(reply: R) -> Parts {
        Idempotent::<R>::replay(Idempotent::store(reply).unwrap()).into_parts().unwrap()
    }

    #[test]
    fn what_is_replayed_is_what_was_answered() {
        let row = || Versioned::computed(3, "row".to_owned());
        assert_eq!(replayed(row()), row().into_parts().unwrap());
        let created = || Created::at(Location::of("/tasks", 7), row());
        assert_eq!(replayed(created()), created().into_parts().unwrap());
        assert_eq!(created().into_parts().unwrap().location.as_deref(), Some("/api/v1/tasks/7"));
    }

    #[test]
    fn a_body_that_cannot_be_written_is_no_empty_answer() {
        struct Unwritable;
        impl Serialize for Unwritable {
            fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(serde::ser::Error::custom("no JSON"))
            }
        }
        impl paperclip::v2::schema::Apiv2Schema for Unwritable {}
        assert_eq!(
            Idempotent::store(Json(Unwritable)).unwrap_err().to_string().split(' ').next(),
            Some("500")
        );
    }

    #[test]
    fn what_was_kept_and_cannot_be_read_is_a_fault() {
        for (status, headers) in [(-1, serde_json::json!({})), (201, serde_json::json!({ "etag": 1 }))] {
            let stored = Stored { status, headers, body: b"{}".to_vec() };
            assert!(Idempotent::<Json<String>>::replay(stored).into_parts().is_err());
        }
    }
}
