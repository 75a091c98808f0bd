//! Where data lies, as the operator declares it.

use std::collections::BTreeMap;
use std::fmt;

use belfort_residency::{AllowList, Region, Store};

use super::Reader;

/// Where data lies, as the operator declares it.
#[derive(Debug)]
pub(crate) struct Regions {
    /// `BELFORT_ALLOWED_REGIONS`: where it may lie, separated by commas. Default Belgium and Frankfurt.
    pub(crate) allowed: AllowList,
    /// `BELFORT_REGION_DATABASE`, `_REPLICA` (when there is one), `_BACKUP`, `_ATTACHMENTS`, `_QUEUE`, `_MAIL`: the region
    /// of each store, by the name its cloud gives it.
    pub(crate) by_store: BTreeMap<Store, Region>,
}

impl Regions {
    pub(super) fn load(reader: &mut Reader<'_>) -> Option<Self> {
        let default = AllowList::default();
        let allowed = reader.read_or("BELFORT_ALLOWED_REGIONS", &default.to_string(), AllowList::parse);
        // Without a list the regions are still read, so that all that is wrong is said at once.
        let judge = allowed.as_ref().unwrap_or(&default);
        let mut by_store = BTreeMap::new();
        for store in Store::ALL {
            let region = reader.read(store.variable(), |name| {
                let region = Region::parse(name).map_err(|error| error.to_string())?;
                if judge.permits(&region) {
                    return Ok(region);
                }
                Err(format!(
                    "the {store} may not be there; allowed are {judge} (BELFORT_ALLOWED_REGIONS). Move it, or allow its region"
                ))
            });
            if region.is_none() && store != Store::Replica && !reader.is_set(store.variable()) {
                let what = format!("the region of the {store}, as its cloud names it, like europe-west1");
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
        write!(f, "allowed are {}", self.allowed)
    }
}
