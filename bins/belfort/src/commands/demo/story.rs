//! Who is in the demo workspace, and what they do there: a bakery.

use belfort_policy::BuiltIn;
use belfort_work::{Priority, Status};

/// Who plays. The first one signs up and invites the others; everything below names people by their place here.
pub(super) const CAST: [(&str, &str, BuiltIn); 5] = [
    ("admin", "An Peeters", BuiltIn::Admin),
    ("manager", "Bram Claes", BuiltIn::Manager),
    ("member", "Chloé Dubois", BuiltIn::Member),
    ("member2", "Dries Wouters", BuiltIn::Member),
    ("guest", "Emma Maes", BuiltIn::Guest),
];
pub(super) const AN: usize = 0;
pub(super) const BRAM: usize = 1;
pub(super) const CHLOE: usize = 2;
pub(super) const DRIES: usize = 3;
pub(super) const EMMA: usize = 4;

/// What the workspace is called.
pub(super) const WORKSPACE: &str = "Bakery De Gouden Bel";

/// Teams and who is in them.
pub(super) const TEAMS: [(&str, &[usize]); 2] = [("Bakehouse", &[BRAM, CHLOE]), ("Shop", &[AN, DRIES])];

/// Tags that tasks can carry.
pub(super) const TAGS: [&str; 5] = ["oven", "suppliers", "shop window", "food safety", "holidays"];

/// A task, and what is said about it.
pub(super) struct Scene {
    pub(super) title: &'static str,
    pub(super) by: usize,
    pub(super) assignees: &'static [usize],
    pub(super) viewers: &'static [usize],
    pub(super) tags: &'static [usize],
    pub(super) status: Status,
    pub(super) priority: Priority,
    /// Days from today.
    pub(super) due: Option<i64>,
    pub(super) comments: &'static [(usize, &'static str)],
    pub(super) hours: &'static [Hours],
}

/// Who worked on it, how many days ago, and from when to when in Brussels.
pub(super) struct Hours {
    pub(super) by: usize,
    pub(super) days_ago: i64,
    pub(super) from: &'static str,
    pub(super) to: &'static str,
    /// Euros for an hour; without, it is not billed.
    pub(super) rate: Option<&'static str>,
    pub(super) note: &'static str,
}

const fn worked(
    by: usize,
    days_ago: i64,
    from: &'static str,
    to: &'static str,
    rate: Option<&'static str>,
    note: &'static str,
) -> Hours {
    Hours { by, days_ago, from, to, rate, note }
}

const PLAIN: Scene = Scene {
    title: "",
    by: BRAM,
    assignees: &[],
    viewers: &[],
    tags: &[],
    status: Status::Todo,
    priority: Priority::Normal,
    due: None,
    comments: &[],
    hours: &[],
};

/// Everything there is to do.
pub(super) const SCENES: [Scene; 25] = [
    Scene {
        title: "Replace the thermostat of the second oven",
        assignees: &[CHLOE],
        viewers: &[EMMA],
        tags: &[0],
        status: Status::InProgress,
        priority: Priority::Urgent,
        due: Some(1),
        comments: &[
            (CHLOE, "It reads 20 °C too low. The part is ordered and comes tomorrow."),
            (BRAM, "Until then we bake the sourdough in the first one."),
            (EMMA, "Do we get our forty loaves on Friday all the same?"),
        ],
        hours: &[
            worked(CHLOE, 2, "09:00", "10:30", Some("48.00"), "Measured, looked for the part"),
            worked(BRAM, 2, "10:00", "10:45", Some("62.50"), "Called the maker"),
            worked(CHLOE, 1, "14:00", "16:20", Some("48.00"), ""),
        ],
        ..PLAIN
    },
    Scene {
        title: "Ask three mills for a price of spelt flour",
        by: AN,
        assignees: &[DRIES, BRAM],
        tags: &[1],
        due: Some(7),
        comments: &[(AN, "Organic, 25 kg bags, delivered on Tuesdays.")],
        hours: &[worked(DRIES, 3, "11:00", "11:40", None, "Wrote to all three")],
        ..PLAIN
    },
    Scene {
        title: "Decorate the shop window for Saint Nicholas",
        by: DRIES,
        assignees: &[DRIES],
        viewers: &[EMMA],
        tags: &[2, 4],
        priority: Priority::High,
        due: Some(12),
        comments: &[(EMMA, "The speculaas house of last year was lovely.")],
        ..PLAIN
    },
    Scene {
        title: "Renew the food safety certificate",
        by: AN,
        tags: &[3],
        priority: Priority::High,
        due: Some(30),
        ..PLAIN
    },
    Scene { title: "Plan the shifts of next month", assignees: &[BRAM], due: Some(5), ..PLAIN },
    Scene {
        title: "Try a rye bread with walnuts",
        by: CHLOE,
        assignees: &[CHLOE],
        priority: Priority::Low,
        ..PLAIN
    },
    Scene {
        title: "Count the stock",
        by: DRIES,
        assignees: &[DRIES],
        status: Status::Done,
        due: Some(-3),
        comments: &[(DRIES, "Two bags of sugar less than the books say.")],
        hours: &[
            worked(DRIES, 4, "20:30", "00:15", Some("41.20"), "Over closing time"),
            worked(DRIES, 3, "07:00", "07:50", Some("41.20"), "The sugar again"),
        ],
        ..PLAIN
    },
    Scene {
        title: "Repair the card terminal",
        by: DRIES,
        status: Status::Done,
        priority: Priority::Urgent,
        due: Some(-8),
        ..PLAIN
    },
    Scene {
        title: "Clean the dough mixer",
        assignees: &[CHLOE],
        tags: &[3],
        status: Status::Done,
        due: Some(-1),
        hours: &[worked(CHLOE, 1, "15:50", "16:50", None, "Beside the oven")],
        ..PLAIN
    },
    Scene {
        title: "Order paper bags with the new logo",
        by: AN,
        assignees: &[DRIES],
        tags: &[1],
        due: Some(10),
        ..PLAIN
    },
    Scene {
        title: "Write the allergens on the shelf labels",
        assignees: &[DRIES],
        tags: &[3, 2],
        priority: Priority::High,
        due: Some(2),
        ..PLAIN
    },
    Scene {
        title: "Find a second driver for the morning round",
        by: AN,
        status: Status::InProgress,
        ..PLAIN
    },
    Scene {
        title: "Bake a test batch of cougnous",
        by: CHLOE,
        assignees: &[CHLOE, BRAM],
        tags: &[4],
        due: Some(14),
        ..PLAIN
    },
    Scene {
        title: "Agree the opening hours of the holidays",
        by: AN,
        tags: &[4],
        viewers: &[EMMA],
        due: Some(9),
        ..PLAIN
    },
    Scene { title: "Have the oven's chimney swept", tags: &[0, 3], due: Some(21), ..PLAIN },
    Scene {
        title: "Teach the trainee to shape baguettes",
        assignees: &[CHLOE],
        status: Status::InProgress,
        ..PLAIN
    },
    Scene {
        title: "Change the butter supplier",
        by: AN,
        assignees: &[BRAM],
        tags: &[1],
        status: Status::Cancelled,
        comments: &[(BRAM, "Their sample melted too early. We stay.")],
        ..PLAIN
    },
    Scene { title: "Paint the delivery van", by: DRIES, priority: Priority::Low, ..PLAIN },
    Scene { title: "Answer the reviews of this week", by: DRIES, assignees: &[DRIES], due: Some(0), ..PLAIN },
    Scene {
        title: "Check the temperature log of the cold room",
        assignees: &[CHLOE],
        tags: &[3],
        due: Some(0),
        ..PLAIN
    },
    Scene {
        title: "Send the café its invoice",
        by: AN,
        viewers: &[EMMA],
        status: Status::Done,
        due: Some(-5),
        hours: &[worked(AN, 5, "09:15", "09:35", None, "")],
        ..PLAIN
    },
    Scene {
        title: "Reserve a stall at the Christmas market",
        by: AN,
        assignees: &[AN],
        tags: &[4],
        priority: Priority::High,
        due: Some(4),
        ..PLAIN
    },
    Scene { title: "Sharpen the bread slicer", by: CHLOE, assignees: &[CHLOE], due: Some(3), ..PLAIN },
    Scene { title: "Compare electricity contracts for the ovens", tags: &[0, 1], due: Some(25), ..PLAIN },
    Scene {
        title: "Put the opening hours on the door",
        by: DRIES,
        tags: &[2],
        status: Status::Done,
        ..PLAIN
    },
];
