//! The permissions of a role.

use std::collections::BTreeMap;

use crate::{Scope, Vocabulary};

/// One permission: an action on a resource, in a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Permission {
    /// The name of the resource.
    pub resource: &'static str,
    /// The name of the action.
    pub action: &'static str,
    /// The scope.
    pub scope: Scope,
}

/// All permissions of a role. What is not in it is denied.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Permissions(BTreeMap<(&'static str, &'static str), Scope>);

/// The mistake in a permission that came from outside.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PermissionError {
    /// The resource does not exist or does not have the action.
    #[error("there is no permission `{resource}:{action}`")]
    Unknown {
        /// The resource as it was written.
        resource: String,
        /// The action as it was written.
        action: String,
    },
    /// The scope is not one.
    #[error("`{scope}` is not a scope: it is `own`, `team` or `all`")]
    Scope {
        /// The scope as it was written.
        scope: String,
    },
    /// Nobody owns such a resource, so the scope says nothing about it.
    #[error("`{resource}` is nobody's own: it is permitted in the scope `all` or not at all")]
    Unowned {
        /// The resource.
        resource: &'static str,
    },
    /// The same permission twice: it is not clear which of the scopes is meant.
    #[error("`{resource}:{action}` is given twice")]
    Twice {
        /// The resource.
        resource: &'static str,
        /// The action.
        action: &'static str,
    },
}

impl Permissions {
    /// Parses permissions written as words, each known to `vocabulary`.
    pub fn parse<'w>(
        vocabulary: &Vocabulary,
        words: impl IntoIterator<Item = (&'w str, &'w str, &'w str)>,
    ) -> Result<Self, PermissionError> {
        let mut all = BTreeMap::new();
        for (resource, action, scope) in words {
            let key = vocabulary.find(resource, action).ok_or_else(|| PermissionError::Unknown {
                resource: resource.into(),
                action: action.into(),
            })?;
            let scope =
                scope.parse().map_err(|crate::ScopeError| PermissionError::Scope { scope: scope.into() })?;
            if !vocabulary.scopes(key.0).contains(&scope) {
                return Err(PermissionError::Unowned { resource: key.0 });
            }
            if all.insert(key, scope).is_some() {
                return Err(PermissionError::Twice { resource: key.0, action: key.1 });
            }
        }
        Ok(Self(all))
    }

    /// Parses what [`Permissions::lines`] wrote. A line that this vocabulary does not know, from a newer or older version of
    /// the program, permits nothing; nor does one with a scope that its resource does not have. Taken for `all` it would permit
    /// more than it says, and what is read here can be sent back to be parsed.
    pub fn from_lines<'l>(vocabulary: &Vocabulary, lines: impl IntoIterator<Item = &'l str>) -> Self {
        let known = lines.into_iter().filter_map(|line| {
            let mut words = line.split(' ');
            let key = vocabulary.find(words.next()?, words.next()?)?;
            let scope = words.next()?.parse().ok()?;
            vocabulary.scopes(key.0).contains(&scope).then_some((key, scope))
        });
        Self(known.collect())
    }

    /// Every permission of `vocabulary`, in the scope `all`.
    pub fn everything(vocabulary: &Vocabulary) -> Self {
        Self(vocabulary.pairs().map(|key| (key, Scope::All)).collect())
    }

    /// The scope of `action` on `resource`; `None` where it is not permitted.
    pub fn scope(&self, resource: &str, action: &str) -> Option<Scope> {
        self.0.get(&(resource, action)).copied()
    }

    /// Whether everything in `other` is permitted here at least as far: who holds `self` may confer `other`.
    pub fn cover(&self, other: &Self) -> bool {
        other.0.iter().all(|(key, scope)| self.0.get(key).is_some_and(|mine| mine >= scope))
    }

    /// The permissions, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = Permission> {
        self.0.iter().map(|(&(resource, action), &scope)| Permission { resource, action, scope })
    }

    /// The permissions as lines to store: `tasks read team`.
    pub fn lines(&self) -> Vec<String> {
        self.iter().map(|p| format!("{} {} {}", p.resource, p.action, p.scope)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Entry;

    const ALL: &[Scope] = &[Scope::All];
    static VOCABULARY: Vocabulary = Vocabulary(&[
        Entry { resource: "tasks", actions: &["create", "read"], scopes: &Scope::EACH },
        Entry { resource: "tags", actions: &["read"], scopes: &Scope::EACH },
        Entry { resource: "audit", actions: &["read", "export"], scopes: &Scope::EACH },
        Entry { resource: "roles", actions: &["read", "update"], scopes: ALL },
    ]);

    fn permissions() -> impl Strategy<Value = Permissions> {
        let scopes =
            |(resource, _)| proptest::option::of(proptest::sample::select(VOCABULARY.scopes(resource)));
        VOCABULARY.pairs().map(scopes).collect::<Vec<_>>().prop_map(|scopes| {
            Permissions(VOCABULARY.pairs().zip(scopes).filter_map(|(key, s)| Some((key, s?))).collect())
        })
    }

    #[test]
    fn words_outside_the_vocabulary_are_refused() {
        let parse = |words| Permissions::parse(&VOCABULARY, [words]);
        assert!(parse(("tasks", "read", "team")).is_ok());
        assert!(matches!(parse(("tags", "create", "own")), Err(PermissionError::Unknown { .. })));
        assert!(matches!(parse(("tasks", "read", "none")), Err(PermissionError::Scope { .. })));
        let twice = [("tasks", "read", "own"), ("tasks", "read", "all")];
        assert!(matches!(Permissions::parse(&VOCABULARY, twice), Err(PermissionError::Twice { .. })));
    }

    #[test]
    fn a_stored_line_nobody_knows_permits_nothing() {
        let read = Permissions::from_lines(&VOCABULARY, ["tasks fly all", "tasks read", "tags read own"]);
        assert_eq!(read.lines(), ["tags read own"]);
    }

    #[test]
    fn what_nobody_owns_is_permitted_in_the_scope_all_or_not_at_all() {
        for (scope, permitted) in [("own", false), ("team", false), ("all", true)] {
            let parsed = Permissions::parse(&VOCABULARY, [("roles", "update", scope)]);
            if permitted {
                assert!(parsed.is_ok());
            } else {
                assert_eq!(parsed, Err(PermissionError::Unowned { resource: "roles" }));
            }
            let line = format!("roles update {scope}");
            let stored = Permissions::from_lines(&VOCABULARY, [line.as_str()]);
            assert_eq!(stored.scope("roles", "update"), permitted.then_some(Scope::All));
        }
        assert!(Permissions::parse(&VOCABULARY, [("audit", "read", "own")]).is_ok());
    }

    proptest! {
        #[test]
        fn lines_read_back(p in permissions()) {
            let lines = p.lines();
            prop_assert_eq!(Permissions::from_lines(&VOCABULARY, lines.iter().map(String::as_str)), p);
        }

        #[test]
        fn everything_covers_all_and_nobody_confers_more_than_they_hold(a in permissions(), b in permissions()) {
            prop_assert!(Permissions::everything(&VOCABULARY).cover(&a));
            prop_assert!(a.cover(&a));
            let more = b.iter().any(|p| a.scope(p.resource, p.action) < Some(p.scope));
            prop_assert_eq!(a.cover(&b), !more);
        }
    }
}
