//! Cursors and limits of pages.

use std::str::FromStr;
use std::sync::Arc;

use belfort_crypto::{Column, Keyring};
use belfort_ids::{TenantId, UserId};
use serde_json::{Value, json};

use crate::context::RequestContext;
use crate::error::{ApiResult, FieldCode, Problem, ProblemCode};
use crate::input::{Field, FieldViolation};
use crate::output::Page;

/// The maximum number of rows of a page: 1 to 200, by default 50. What is out of range is refused, not clamped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit(i64);

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl Field for Limit {
    type Value = Self;

    fn schema() -> Value {
        json!({ "type": "integer", "minimum": 1, "maximum": 200, "default": 50 })
    }

    fn read(value: &Value) -> Result<Self, FieldViolation> {
        value.as_str().map_or_else(|| Err(FieldViolation::kind("a number")), Self::read_text)
    }

    fn read_text(text: &str) -> Result<Self, FieldViolation> {
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        let limit: i64 =
            text.parse().ok().filter(|_| digits).ok_or_else(|| FieldViolation::kind("a number"))?;
        if (1..=200).contains(&limit) {
            Ok(Self(limit))
        } else {
            Err(FieldViolation(FieldCode::OutOfRange, "must be 1 to 200".into()))
        }
    }
}

/// The start of a page as opaque text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor(String);

impl Field for Cursor {
    type Value = Self;

    fn schema() -> Value {
        json!({ "type": "string", "maxLength": 1000 })
    }

    fn read(value: &Value) -> Result<Self, FieldViolation> {
        Ok(Self(value.as_str().ok_or_else(|| FieldViolation::kind("text"))?.to_owned()))
    }
}

const POSITION: Column = Column::new("cursors.position");

/// One list, as one caller asks for it. A cursor is sealed for it, so that it is good for nothing else: no other list, filter,
/// user or workspace.
pub(crate) struct List {
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) tenant: TenantId,
    pub(crate) user: UserId,
    /// Path and filter.
    pub(crate) of: String,
}

impl List {
    /// The list that a request asks for a page of.
    pub(super) fn of(ctx: &RequestContext, filter: &str) -> Self {
        Self {
            keyring: Arc::clone(&ctx.info.app.services.keyring),
            tenant: ctx.tx.tenant().id,
            user: ctx.caller.user,
            of: format!("{}?{filter}", ctx.info.path),
        }
    }

    /// The position in a cursor.
    pub(crate) fn position<P: FromStr>(&self, cursor: Option<Cursor>) -> ApiResult<Option<P>> {
        let Some(cursor) = cursor else { return Ok(None) };
        let position = self.open(&cursor.0).and_then(|position| position.parse().ok());
        position.map(Some).ok_or_else(|| {
            Problem::new(
                ProblemCode::BadCursor,
                "This cursor does not belong to this list and filter. Start again without a cursor.",
            )
        })
    }

    fn open(&self, cursor: &str) -> Option<String> {
        let (key_id, token) = cursor.split_once('.')?;
        let padding = "=".repeat((4 - token.len() % 4) % 4);
        let opened = self.keyring.open(self.tenant, POSITION, key_id, &format!("{token}{padding}")).ok()?;
        let read: [String; 3] = serde_json::from_slice(&opened).ok()?;
        let [user, of, position] = read;
        (user == self.user.to_string() && of == self.of).then_some(position)
    }

    /// A page of `rows`, of which there is one more than fits if there is another page.
    pub(crate) fn page<R, V: From<R>>(
        &self,
        limit: Limit,
        mut rows: Vec<R>,
        position: impl Fn(&R) -> String,
    ) -> Page<V> {
        let more = rows.len() > limit.rows();
        rows.truncate(limit.rows());
        let next_cursor = rows.last().filter(|_| more).map(|row| self.seal(&position(row)));
        Page { items: rows.into_iter().map(V::from).collect(), next_cursor }
    }

    fn seal(&self, position: &str) -> String {
        let content = json!([self.user.to_string(), self.of, position]).to_string();
        let sealed = self.keyring.seal(self.tenant, POSITION, content.as_bytes());
        // A cursor stands in a query string: without the padding it needs no escape there.
        format!("{}.{}", sealed.key_id, sealed.token.trim_end_matches('='))
    }
}

impl Limit {
    fn rows(self) -> usize {
        usize::try_from(self.0).unwrap_or(0)
    }

    /// One row more than the page has, which shows whether there is another page.
    pub(crate) fn and_one(self) -> i64 {
        self.0 + 1
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_cursor_is_good_for_its_own_list_alone() {
        let ring = Arc::new(Keyring::parse(&Keyring::generate_key()).unwrap());
        let now = DateTime::UNIX_EPOCH;
        let (tenant, user) = (TenantId::new(now), UserId::new(now));
        let list =
            |tenant, user, of: &str| List { keyring: Arc::clone(&ring), tenant, user, of: of.to_owned() };
        let mine = list(tenant, user, "/tasks?status=todo");
        let cursor = mine.seal("here");
        assert!(cursor.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)), "{cursor}");
        assert_eq!(mine.open(&cursor).as_deref(), Some("here"));
        for other in [
            list(TenantId::new(now), user, "/tasks?status=todo"),
            list(tenant, UserId::new(now), "/tasks?status=todo"),
            list(tenant, user, "/tasks"),
            list(tenant, user, "/users?status=todo"),
        ] {
            assert_eq!(other.open(&cursor), None);
        }
        for bad in ["", ".", "x.y", &cursor[1..], &format!("{cursor}A")] {
            assert_eq!(mine.open(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_limit_out_of_range_is_refused() {
        for text in ["0", "201", "-1", "+5", "5.0", "x", "99999999999999999999", ""] {
            assert!(Limit::read_text(text).is_err(), "{text}");
        }
        assert_eq!(Limit::read_text("200"), Ok(Limit(200)));
    }
}
