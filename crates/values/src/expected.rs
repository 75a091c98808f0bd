//! The precondition of a change: which version of a row the caller has read.

/// The versions of which a row must have one so that it is changed; any, where there is no precondition.
///
/// ```
/// use belfort_values::Expected;
///
/// assert!(Expected::default().allows(7));
/// assert!(Expected::from(Some(7)).allows(7));
/// assert!(Expected::one_of([6, 7]).allows(7) && !Expected::one_of([6, 7]).allows(8));
/// assert!(!Expected::one_of([]).allows(7));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected(Option<Vec<i32>>);

impl Expected {
    /// The precondition that the row has one of these versions. Of none of them, no row has one.
    pub fn one_of(versions: impl IntoIterator<Item = i32>) -> Self {
        Self(Some(versions.into_iter().collect()))
    }

    /// Returns whether a row of this version may be changed.
    #[must_use]
    pub fn allows(&self, version: i32) -> bool {
        self.0.as_ref().is_none_or(|versions| versions.contains(&version))
    }
}

/// This version, or any.
impl From<Option<i32>> for Expected {
    fn from(version: Option<i32>) -> Self {
        Self(version.map(|version| vec![version]))
    }
}
