//! The vocabulary of permissions: resources and their actions, as types and as names.

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

/// A vocabulary: each resource with its actions, by name.
#[derive(Debug)]
pub struct Vocabulary(pub &'static [(&'static str, &'static [&'static str])]);

impl Vocabulary {
    /// The names of `resource` and `action` as constants, when the vocabulary has both and they go together.
    pub fn find(&self, resource: &str, action: &str) -> Option<(&'static str, &'static str)> {
        let (resource, actions) = self.0.iter().find(|(name, _)| *name == resource)?;
        let action = actions.iter().find(|name| **name == action)?;
        Some((resource, action))
    }

    /// Every resource with every action it has.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.0.iter().flat_map(|(resource, actions)| actions.iter().map(|action| (*resource, *action)))
    }
}

/// Declares a vocabulary: a marker type for each resource, the actions that each [`Offers`], and the names of all of them.
///
/// See the [crate's example](crate).
#[macro_export]
macro_rules! resources {
    ($(#[$doc:meta])* $vis:vis static $vocabulary:ident {
        $($(#[$rdoc:meta])* $resource:ident = $word:literal [$($action:ident),* $(,)?]),* $(,)?
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
            $(($word, &[$(<$crate::$action as $crate::Action>::NAME),*])),*
        ]);
    };
}
