//! Timestamps.

use belfort_openapi as openapi;
use chrono::{DateTime, Utc};
use paperclip::v2::models::DefaultSchemaRaw;
use paperclip::v2::schema::Apiv2Schema;
use serde::{Serialize, Serializer};
use serde_json::json;

/// A moment: sent as Brussels time with its offset, read with any offset, and as Brussels time without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timestamp(pub(crate) DateTime<Utc>);

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&belfort_values::brussels::format(self.0))
    }
}

impl Apiv2Schema for Timestamp {
    fn raw_schema() -> DefaultSchemaRaw {
        openapi::literal(None, json!({ "type": "string", "format": "date-time" }), Vec::new())
    }
}
