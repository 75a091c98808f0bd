#![doc = include_str!("../README.md")]

use std::sync::Mutex;

use chrono::{DateTime, Utc};
use uuid::{ContextV7, Timestamp, Uuid};

/// The counter that keeps the ids of one millisecond in order.
static SEQUENCE: Mutex<ContextV7> = Mutex::new(ContextV7::new());

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "postgres", derive(diesel::expression::AsExpression, diesel::deserialize::FromSqlRow))]
        #[cfg_attr(feature = "postgres", diesel(sql_type = diesel::sql_types::Uuid))]
        pub struct $name(Uuid);

        impl $name {
            /// Makes a new id, dated `now`.
            pub fn new(now: DateTime<Utc>) -> Self {
                Self(uuid_v7(now))
            }

            /// The id as a plain UUID.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        #[cfg(feature = "postgres")]
        impl<DB> diesel::serialize::ToSql<diesel::sql_types::Uuid, DB> for $name
        where
            DB: diesel::backend::Backend,
            Uuid: diesel::serialize::ToSql<diesel::sql_types::Uuid, DB>,
        {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, DB>,
            ) -> diesel::serialize::Result {
                self.0.to_sql(out)
            }
        }

        #[cfg(feature = "postgres")]
        impl<DB> diesel::deserialize::FromSql<diesel::sql_types::Uuid, DB> for $name
        where
            DB: diesel::backend::Backend,
            Uuid: diesel::deserialize::FromSql<diesel::sql_types::Uuid, DB>,
        {
            fn from_sql(value: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
                Uuid::from_sql(value).map(Self)
            }
        }
    )*};
}

ids! {
    /// A tenant: one row of the control schema, one schema, one database role.
    TenantId
    /// A sign-up that was not confirmed yet.
    SignupId
    /// A person with an account in a workspace.
    UserId
    /// A role: a named set of permissions.
    RoleId
    /// A group of users.
    TeamId
    /// An invitation that was not accepted yet.
    InvitationId
    /// A login of a user on one device.
    SessionId
    /// A key with which a program acts for a user.
    ApiKeyId
    /// A task.
    TaskId
    /// A comment on a task.
    CommentId
    /// A time entry: time worked on a task.
    TimeEntryId
    /// A file on a task.
    AttachmentId
    /// A tag on tasks.
    TagId
    /// An event of the audit history.
    EventId
}

fn uuid_v7(now: DateTime<Utc>) -> Uuid {
    // Before 1970 there are no ids; the clock of such a machine is wrong and its ids start at zero.
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    Uuid::new_v7(Timestamp::from_unix(&SEQUENCE, seconds, now.timestamp_subsec_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_moment_are_in_order_and_distinct() {
        let now = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
        let ids: Vec<_> = (0..10_000).map(|_| TaskId::new(now)).collect();
        assert!(ids.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn an_id_carries_its_millisecond() {
        let now = DateTime::from_timestamp_millis(1_767_225_600_123).unwrap();
        assert_eq!(UserId::new(now).uuid().get_timestamp().unwrap().to_unix(), (1_767_225_600, 123_000_000));
    }
}
