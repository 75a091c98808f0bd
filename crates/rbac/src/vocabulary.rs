//! The vocabulary of permissions: resources and their actions, as types and as names.

use crate::Scope;

/// A kind of row that is protected. Declared by [`resources!`](crate::resources).
pub trait Resource: 'static {
    /// The name, as roles store it.
    const NAME: &'static str;
}

/// An action on a resource.
pub trait Action: 'static {
    /// The name, as roles store it.
    const NAME: &'static str;
    /// Whether it only reads. A viewer reaches a row for such actions alone.
    const READS: bool = false;
}

/// A resource that has this action: `Grant<Tags, Export>` does not exist where `Tags: Offers<Export>` does not hold.
pub trait Offers<A: Action>: Resource {}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $word:literal, reads: $reads:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub enum $name {}
        impl Action for $name {
            const NAME: &'static str = $word;
            const READS: bool = $reads;
        }
    )*};
}

actions! {
    /// Create a row.
    Create = "create", reads: false;
    /// See a row, its list, its history.
    Read = "read", reads: true;
    /// Change a row.
    Update = "update", reads: false;
    /// Delete a row.
    Delete = "delete", reads: false;
    /// Take many rows out of the system at once.
    Export = "export", reads: true;
}

/// A vocabulary: each resource with its actions and its scopes, by name.
#[derive(Debug)]
pub struct Vocabulary(pub &'static [Entry]);

/// A resource of a vocabulary.
#[derive(Debug)]
pub struct Entry {
    /// The name of the resource.
    pub resource: &'static str,
    /// The names of its actions.
    pub actions: &'static [&'static str],
    /// The scopes in which they can be permitted. What nobody owns has `all` alone: `own` would mean nothing there, and whoever
    /// gave it would believe that it limits something.
    pub scopes: &'static [Scope],
}

impl Vocabulary {
    /// The names of `resource` and `action` as constants, when the vocabulary has both and they go together.
    pub fn find(&self, resource: &str, action: &str) -> Option<(&'static str, &'static str)> {
        let entry = self.entry(resource)?;
        let action = entry.actions.iter().find(|name| **name == action)?;
        Some((entry.resource, action))
    }

    /// The scopes in which something can be permitted on `resource`; none where there is no such resource.
    pub fn scopes(&self, resource: &str) -> &'static [Scope] {
        self.entry(resource).map_or(&[], |entry| entry.scopes)
    }

    /// Every resource with every action it has.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.0.iter().flat_map(|entry| entry.actions.iter().map(|action| (entry.resource, *action)))
    }

    fn entry(&self, resource: &str) -> Option<&'static Entry> {
        self.0.iter().find(|entry| entry.resource == resource)
    }
}

/// Declares a vocabulary: a marker type for each resource, the actions that each [`Offers`], and the names of all of them.
///
/// The rows of a resource are somebody's, unless it is marked `unowned`: `Roles = "roles" unowned [Read, Update]`. On such a
/// one something is permitted in the scope `all` or not at all.
///
/// See the [crate's example](crate).
#[macro_export]
macro_rules! resources {
    (@scopes) => { &$crate::Scope::EACH };
    (@scopes unowned) => { &[$crate::Scope::All] };
    ($(#[$doc:meta])* $vis:vis static $vocabulary:ident {
        $($(#[$rdoc:meta])* $resource:ident = $word:literal $($mark:ident)? [$($action:ident),* $(,)?]),* $(,)?
    }) => {
        $(
            $(#[$rdoc])*
            #[derive(Debug, Clone, Copy)]
            $vis enum $resource {}
            impl $crate::Resource for $resource {
                const NAME: &'static str = $word;
            }
            $(impl $crate::Offers<$crate::$action> for $resource {})*
        )*
        $(#[$doc])*
        $vis static $vocabulary: $crate::Vocabulary = $crate::Vocabulary(&[
            $($crate::Entry {
                resource: $word,
                actions: &[$(<$crate::$action as $crate::Action>::NAME),*],
                scopes: $crate::resources!(@scopes $($mark)?),
            }),*
        ]);
    };
}
