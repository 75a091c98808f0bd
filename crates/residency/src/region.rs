//! The regions that data lies in, and those that it may lie in.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// The region of a cloud, as the cloud names it: `europe-west1`, `eu-central-1`.
///
/// 1 to 40 lower-case ASCII letters, digits and hyphens. Nothing is trimmed or folded: a name that only looks
/// like a permitted one must not become it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(String);

/// The reason why a text is not a region, or not a list of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegionError {
    /// There is nothing, or an item of the list is empty.
    #[error("the name of a region is missing")]
    Empty,
    /// No region is called that.
    #[error("{0:?} is not the name of a region: 1 to 40 lower-case letters, digits and hyphens")]
    Malformed(String),
}

impl Region {
    /// The region with this name.
    pub fn parse(name: &str) -> Result<Self, RegionError> {
        if name.is_empty() {
            return Err(RegionError::Empty);
        }
        let sane = name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if sane && name.len() <= 40 {
            Ok(Self(name.to_owned()))
        } else {
            // The name goes into a message: what is not printable comes out escaped, and what is endless is
            // cut.
            Err(RegionError::Malformed(name.chars().take(60).collect()))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Region {
    type Err = RegionError;

    fn from_str(name: &str) -> Result<Self, RegionError> {
        Self::parse(name)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The regions in which a store may keep data.
///
/// By default those of the big clouds in Belgium (`europe-west1`, `belgiumcentral`) and Frankfurt
/// (`eu-central-1`, `europe-west3`, `germanywestcentral`). A region counts as permitted only by its full
/// name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowList(BTreeSet<Region>);

impl AllowList {
    /// Reads a comma-separated list, which must not be empty: to forbid everything is a mistake, not a
    /// choice.
    pub fn parse(list: &str) -> Result<Self, RegionError> {
        list.split(',').map(|name| Region::parse(name.trim_matches(' '))).collect::<Result<_, _>>().map(Self)
    }

    /// Whether data may lie in `region`.
    pub fn permits(&self, region: &Region) -> bool {
        self.0.contains(region)
    }

    /// The permitted regions, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Region> {
        self.0.iter()
    }
}

impl Default for AllowList {
    fn default() -> Self {
        Self(DEFAULT.iter().map(|name| Region((*name).to_owned())).collect())
    }
}

impl fmt::Display for AllowList {
    /// As [`AllowList::parse`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, region) in self.0.iter().enumerate() {
            write!(f, "{}{region}", if nth == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

/// A place that holds customer data, or through which it passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Store {
    /// The primary database: `BELFORT_REGION_DATABASE`.
    Database,
    /// A copy of the database that follows it: `BELFORT_REGION_REPLICA`.
    Replica,
    /// The region of backups: `BELFORT_REGION_BACKUP`.
    Backup,
    /// The region of attached files: `BELFORT_REGION_ATTACHMENTS`.
    Attachments,
    /// The job queue: `BELFORT_REGION_QUEUE`.
    Queue,
    /// The relay that takes mail: `BELFORT_REGION_MAIL`.
    Mail,
}

impl Store {
    /// Every store, in the order in which they are listed to people.
    pub const ALL: [Self; 6] =
        [Self::Database, Self::Replica, Self::Backup, Self::Attachments, Self::Queue, Self::Mail];

    /// The variable in which the operator declares the region of this store. Only programs read it, no
    /// library does.
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Database => "BELFORT_REGION_DATABASE",
            Self::Replica => "BELFORT_REGION_REPLICA",
            Self::Backup => "BELFORT_REGION_BACKUP",
            Self::Attachments => "BELFORT_REGION_ATTACHMENTS",
            Self::Queue => "BELFORT_REGION_QUEUE",
            Self::Mail => "BELFORT_REGION_MAIL",
        }
    }

    /// Its name in messages and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Replica => "replica",
            Self::Backup => "backup",
            Self::Attachments => "attachments",
            Self::Queue => "queue",
            Self::Mail => "mail",
        }
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

const DEFAULT: [&str; 5] =
    ["europe-west1", "belgiumcentral", "eu-central-1", "europe-west3", "germanywestcentral"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn belgium_and_frankfurt_are_permitted_by_default() {
        for name in ["europe-west1", "belgiumcentral", "eu-central-1", "europe-west3", "germanywestcentral"] {
            assert!(AllowList::default().permits(&Region::parse(name).unwrap()), "{name}");
        }
        assert_eq!(AllowList::default().iter().count(), 5);
    }

    /// Neither an id of a region elsewhere nor a text that looks like a permitted one gets past.
    #[test]
    fn a_look_alike_is_not_permitted() {
        for name in [
            "",
            " ",
            " eu-central-1",
            "eu-central-1 ",
            "eu-central-1\n",
            "eu-central-1\0",
            "eu central 1",
            "eu\u{2010}central\u{2010}1",
            "eu\u{2011}central\u{2011}1",
            "eu\u{2013}central\u{2013}1",
            "eu\u{2212}central\u{2212}1",
            "eu-central-\u{ff11}",
            "\u{435}u-central-1",
            "eu-central-1\u{200b}",
            "eu-central-1\u{a0}",
            "EU-CENTRAL-1",
            "Eu-Central-1",
            "eu_central_1",
            "eu-central-1.attacker.com",
            "eu-central-1,us-east-1",
            "eu-central-1/",
            "eu-central-1a",
            "eu-central-10",
            "eu-central-2",
            "eu-central",
            "eu-central-1-",
            "-eu-central-1",
            "eu--central-1",
            "eu-west-2",
            "europe-west2",
            "europe-west6",
            "europe-west10",
            "europe-west",
            "us-east-1",
            "germanynorth",
            "uksouth",
            "switzerlandnorth",
        ] {
            let permitted = Region::parse(name).is_ok_and(|region| AllowList::default().permits(&region));
            assert!(!permitted, "{name:?}");
        }
    }

    #[test]
    fn a_name_has_1_to_40_characters() {
        assert!(Region::parse(&"a".repeat(40)).is_ok());
        assert!(Region::parse(&"a".repeat(41)).is_err());
        assert_eq!(Region::parse(""), Err(RegionError::Empty));
        let shown = Region::parse(&"\u{1b}[31m".repeat(1_000)).unwrap_err().to_string();
        assert!(shown.len() < 600 && !shown.contains('\u{1b}'), "{shown}");
    }

    #[test]
    fn a_list_permits_what_it_names_and_nothing_else() {
        let list = AllowList::parse("eu-west-3, europe-west9").unwrap();
        assert!(list.permits(&Region::parse("eu-west-3").unwrap()));
        assert!(list.permits(&Region::parse("europe-west9").unwrap()));
        assert!(!list.permits(&Region::parse("eu-central-1").unwrap()));
        assert_eq!(AllowList::parse(&list.to_string()), Ok(list));
    }

    #[test]
    fn a_list_with_a_slip_in_it_is_refused() {
        for list in ["", " ", ",", "a,", ",a", "a,,b", "a;b", "a,B", "a,*"] {
            assert!(AllowList::parse(list).is_err(), "{list:?}");
        }
    }

    #[test]
    fn every_store_has_a_variable_of_its_own() {
        let names: BTreeSet<_> = Store::ALL.into_iter().map(Store::variable).collect();
        assert_eq!(names.len(), Store::ALL.len());
        for store in Store::ALL {
            assert_eq!(store.variable(), format!("BELFORT_REGION_{}", store.to_string().to_uppercase()));
        }
    }
}
