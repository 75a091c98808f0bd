//! The regions of data, as the operator declares them.

use std::collections::BTreeMap;
use std::fmt;

use belfort_residency::{AllowList, Region, Store};

use super::Reader;

/// The regions of data, as the operator declares them.
#[derive(Debug)]
pub(crate) struct Regions {
    /// `BELFORT_ALLOWED_REGIONS`: the regions that data may be in, separated by commas. Default Belgium and Frankfurt.
    pub(crate) allowed: AllowList,
    /// `BELFORT_REGION_DATABASE`, `_REPLICA` (when there is one), `_BACKUP`, `_ATTACHMENTS`, `_QUEUE`, `_MAIL`: the region
    /// of each store, by the name its cloud gives it.
    pub(crate) by_store: BTreeMap<Store, Region>,
}

impl Regions {
    pub(super) fn load(reader: &mut Reader<'_>) -> Option<Self> {
        let default = AllowList::default();
        let allowed = reader.read_or("BELFORT_ALLOWED_REGIONS", &default.to_string(), AllowList::parse);
        // Without a valid list the regions are still read, so that all errors are reported at once.
        let judge = allowed.as_ref().unwrap_or(&default);
        let mut by_store = BTreeMap::new();
        for store in Store::ALL {
            let region = reader.read(store.variable(), |name| {
                let region = Region::parse(name).map_err(|error| error.to_string())?;
                if judge.permits(&region) {
                    return Ok(region);
                }
                Err(format!(
                    "the {store} may not be in this region; allowed are {judge} (BELFORT_ALLOWED_REGIONS)"
                ))
            });
            if region.is_none() && store != Store::Replica && !reader.is_set(store.variable()) {
                let what =
                    format!("write the region of the {store}, as its cloud names it, such as europe-west1");
                reader.require(store.variable(), &what);
            }
            by_store.extend(region.map(|region| (store, region)));
        }
        Some(Self { allowed: allowed?, by_store })
    }
}

impl fmt::Display for Regions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.by_store.iter().try_for_each(|(store, region)| write!(f, "{store} in {region}, "))?;
        write!(f, "allowed: {}", self.allowed)
    }
}
