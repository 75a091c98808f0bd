//! The scope of a permission.

use std::fmt;
use std::str::FromStr;

/// The rows that a permission goes for; no permission at all is the absence of a scope. `Own < Team < All`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Rows that the caller made, that are assigned to them and, for reading, that they are a viewer of.
    Own,
    /// `Own` for the caller and for every member of a team of theirs; what others view stays theirs.
    Team,
    /// Every row.
    All,
}

impl Scope {
    /// All of them, the narrowest first.
    pub const EACH: [Self; 3] = [Self::Own, Self::Team, Self::All];

    /// The name that is stored and sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Team => "team",
            Self::All => "all",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is not a scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a scope is `own`, `team` or `all`")]
pub struct ScopeError;

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(word: &str) -> Result<Self, ScopeError> {
        match word {
            "own" => Ok(Self::Own),
            "team" => Ok(Self::Team),
            "all" => Ok(Self::All),
            _ => Err(ScopeError),
        }
    }
}
