//! The owner and the column of a value, which are part of the key that it is sealed under.

use std::fmt;

use belfort_ids::TenantId;

/// A column that holds sealed values, as `table.column`.
///
/// The name is part of the key its values are sealed under. Renaming the column in the database is therefore free, and
/// renaming it here makes everything in it unreadable.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Column(&'static str);

impl Column {
    /// Makes the column with this name: two identifiers of lower-case letters, digits and underscores, with a dot between.
    ///
    /// ```compile_fail
    /// const PAYLOAD: belfort_crypto::Column = belfort_crypto::Column::new("Signups payload");
    /// ```
    ///
    /// # Panics
    /// When the name is not like that; in a `const` that is a compile error.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        assert!(is_table_and_column(name.as_bytes()), "a column is named table.column, in lower case");
        Self(name)
    }

    /// The name.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl fmt::Debug for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Column({})", self.0)
    }
}

/// The owner of a sealed value. A [`TenantId`] converts into one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A tenant. Each has a key of its own for each column.
    Tenant(TenantId),
    /// The system, for values of no tenant: a sign-up, the password of a database login.
    System,
}

impl From<TenantId> for Owner {
    fn from(tenant: TenantId) -> Self {
        Self::Tenant(tenant)
    }
}

/// Encodes owner and column unambiguously: each with its length before it.
pub(crate) fn encode(owner: Owner, column: Column) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(2 + 16 + column.0.len());
    match owner {
        Owner::Tenant(tenant) => push(&mut bytes, tenant.uuid().as_bytes()),
        Owner::System => push(&mut bytes, &[]),
    }
    push(&mut bytes, column.0.as_bytes());
    bytes
}

fn push(bytes: &mut Vec<u8>, part: &[u8]) {
    // An id has 16 bytes and the name of a column at most 127, see below: one byte holds the length.
    bytes.push(u8::try_from(part.len()).unwrap_or(u8::MAX));
    bytes.extend_from_slice(part);
}

/// Returns whether `name` is two identifiers with a dot between. Identifiers of Postgres have up to 63 bytes.
const fn is_table_and_column(mut name: &[u8]) -> bool {
    let (mut dots, mut len) = (0, 0);
    while let [first, rest @ ..] = name {
        match first {
            b'a'..=b'z' | b'_' => len += 1,
            b'0'..=b'9' if len > 0 => len += 1,
            b'.' if len > 0 => {
                dots += 1;
                len = 0;
            }
            _ => return false,
        }
        if len > 63 {
            return false;
        }
        name = rest;
    }
    dots == 1 && len > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_named_with_its_table() {
        for name in ["signups.payload", "a.b", "totp_2.secret_1", "_a._b"] {
            assert!(is_table_and_column(name.as_bytes()), "{name}");
        }
        let long = format!("{}.b", "a".repeat(64));
        for name in
            ["", ".", "a", "a.", ".b", "a.b.c", "a..b", "A.b", "a b.c", "a-b.c", "1a.b", "a.1b", "é.b", &long]
        {
            assert!(!is_table_and_column(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn what_belongs_to_the_system_is_nobody_elses() {
        const COLUMN: Column = Column::new("a.b");
        let nobody: TenantId = "00000000-0000-0000-0000-000000000000".parse().unwrap();
        assert_ne!(encode(Owner::System, COLUMN), encode(nobody.into(), COLUMN));
        assert_eq!(encode(Owner::System, COLUMN), b"\x00\x03a.b");
    }
}
