//! Access control for invoices in forty lines: no web server, no database.

use belfort_ids::UserId;
use belfort_rbac::{Admins, Grant, Permissions, Principal, Reach, Read, Update, resources};

resources! {
    static VOCABULARY {
        /// What this program protects.
        Invoices = "invoices" [Create, Read, Update],
    }
}

struct Invoice {
    number: u32,
    author: UserId,
}

/// The one predicate of invoices.
fn reaches(reach: &Reach, invoice: &Invoice) -> bool {
    reach.people().is_none_or(|people| people.contains(&invoice.author))
}

fn list<'i>(grant: &Grant<Invoices, Read>, all: &'i [Invoice]) -> Vec<&'i Invoice> {
    all.iter().filter(|invoice| reaches(grant.reach(), invoice)).collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [ann, bob] = [(); 2].map(|()| UserId::new(chrono::DateTime::UNIX_EPOCH));
    let all = [Invoice { number: 1, author: ann }, Invoice { number: 2, author: bob }];

    let clerk = Permissions::parse(&VOCABULARY, [("invoices", "read", "own")])?;
    let ann_asks = Principal::new(ann, clerk, [bob]);
    let numbers: Vec<_> = list(&ann_asks.grant()?, &all).iter().map(|invoice| invoice.number).collect();
    assert_eq!(numbers, [1]);
    assert!(ann_asks.grant::<Invoices, Update>().is_err());

    let admins: Admins = [bob].into_iter().collect();
    assert!(admins.without([bob]).is_err(), "the last admin stays");
    Ok(())
}
