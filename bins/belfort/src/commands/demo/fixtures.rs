//! The contents of the demo workspace: the people of a bakery, their teams, tags, tasks and hours.

use belfort_policy::BuiltIn;
use belfort_work::{Priority, Status};

/// The people: mailbox, name and role. The first one signs up and invites the others; everything below names people by
/// their index here.
pub(super) const PEOPLE: [(&str, &str, BuiltIn); 5] = [
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

/// The name of the workspace.
pub(super) const WORKSPACE: &str = "Bakery De Gouden Bel";

/// The teams: name and members.
pub(super) const TEAMS: [(&str, &[usize]); 2] = [("Bakehouse", &[BRAM, CHLOE]), ("Shop", &[AN, DRIES])];

/// Tags that tasks can carry.
pub(super) const TAGS: [&str; 5] = ["oven", "suppliers", "shop window", "food safety", "holidays"];

/// A task with its comments and hours.
pub(super) struct DemoTask {
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
    pub(super) hours: &'static [DemoHours],
}

/// A time entry, in Brussels time.
pub(super) struct DemoHours {
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
) -> DemoHours {
    DemoHours { by, days_ago, from, to, rate, note }
}

/// The defaults of a task.
const PLAIN_TASK: DemoTask = DemoTask {
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

/// The tasks.
pub(super) const TASKS: [DemoTask; 25] = [
    DemoTask {
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
        ..PLAIN_TASK
    },
    DemoTask {
        title: "Ask three mills for a price of spelt flour",
        by: AN,
        assignees: &[DRIES, BRAM],
        tags: &[1],
        due: Some(7),
        comments: &[(AN, "Organic, 25 kg bags, delivered on Tuesdays.")],
        hours: &[worked(DRIES, 3, "11:00", "11:40", None, "Wrote to all three")],
        ..PLAIN_TASK
    },
    DemoTask {
        title: "Decorate the shop window for Saint Nicholas",
        by: DRIES,
        assignees: &[DRIES],
        viewers: &[EMMA],
        tags: &[2, 4],
        priority: Priority::High,
        due: Some(12),
        comments: &[(EMMA, "The speculaas house of last year was lovely.")],
        ..PLAIN_TASK
    },
    DemoTask {
        title: "Renew the food safety certificate",
        by: AN,
        tags: &[3],
        priority: Priority::High,
        due: Some(30),
        ..PLAIN_TASK
    },
    DemoTask { title: "Plan the shifts of next month", assignees: &[BRAM], due: Some(5), ..PLAIN_TASK },
    DemoTask {
        title: "Try a rye bread with walnuts",
        by: CHLOE,
        assignees: &[CHLOE],
        priority: Priority::Low,
        ..PLAIN_TASK
    },
    DemoTask {
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
        ..PLAIN_TASK
    },
    DemoTask {
        title: "Repair the card terminal",
        by: DRIES,
        status: Status::Done,
        priority: Priority::Urgent,
        due: Some(-8),
        ..PLAIN_TASK
    },
    DemoTask {
        title: "Clean the dough mixer",
        assignees: &[CHLOE],
        tags: &[3],
        status: Status::Done,
        due: Some(-1),
        hours: &[worked(CHLOE, 1, "15:50", "16:50", None, "Beside the oven")],
        ..PLAIN_TASK
    },
    DemoTask {
        title: "Order paper bags with the new logo",
        by: AN,
        assignees: &[DRIES],
        tags: &[1],
        due: Some(10),
        ..PLAIN_TASK
    },
    DemoTask {
        title: "Write the allergens on the shelf labels",
        assignees: &[DRIES],
        tags: &[3, 2],
        priority: Priority::High,
        due: Some(2),
        ..PLAIN_TASK
    },
    DemoTask {
        title: "Find a second driver for the morning round",
        by: AN,
        status: Status::InProgress,
        ..PLAIN_TASK
    },
    DemoTask {
        title: "Bake a test batch of cougnous",
        by: CHLOE,
        assignees: &[CHLOE, BRAM],
        tags: &[4],
        due: Some(14),
        ..PLAIN_TASK
    },
    DemoTask {
        title: "Agree the opening hours of the holidays",
        by: AN,
        tags: &[4],
        viewers: &[EMMA],
        due: Some(9),
        ..PLAIN_TASK
    },
    DemoTask { title: "Have the oven's chimney swept", tags: &[0, 3], due: Some(21), ..PLAIN_TASK },
    DemoTask {
        title: "Teach the trainee to shape baguettes",
        assignees: &[CHLOE],
        status: Status::InProgress,
        ..PLAIN_TASK
    },
    DemoTask {
        title: "Change the butter supplier",
        by: AN,
        assignees: &[BRAM],
        tags: &[1],
        status: Status::Cancelled,
        comments: &[(BRAM, "Their sample melted too early. We stay.")],
        ..PLAIN_TASK
    },
    DemoTask { title: "Paint the delivery van", by: DRIES, priority: Priority::Low, ..PLAIN_TASK },
    DemoTask {
        title: "Answer the reviews of this week",
        by: DRIES,
        assignees: &[DRIES],
        due: Some(0),
        ..PLAIN_TASK
    },
    DemoTask {
        title: "Check the temperature log of the cold room",
        assignees: &[CHLOE],
        tags: &[3],
        due: Some(0),
        ..PLAIN_TASK
    },
    DemoTask {
        title: "Send the café its invoice",
        by: AN,
        viewers: &[EMMA],
        status: Status::Done,
        due: Some(-5),
        hours: &[worked(AN, 5, "09:15", "09:35", None, "")],
        ..PLAIN_TASK
    },
    DemoTask {
        title: "Reserve a stall at the Christmas market",
        by: AN,
        assignees: &[AN],
        tags: &[4],
        priority: Priority::High,
        due: Some(4),
        ..PLAIN_TASK
    },
    DemoTask {
        title: "Sharpen the bread slicer",
        by: CHLOE,
        assignees: &[CHLOE],
        due: Some(3),
        ..PLAIN_TASK
    },
    DemoTask {
        title: "Compare electricity contracts for the ovens",
        tags: &[0, 1],
        due: Some(25),
        ..PLAIN_TASK
    },
    DemoTask {
        title: "Put the opening hours on the door",
        by: DRIES,
        tags: &[2],
        status: Status::Done,
        ..PLAIN_TASK
    },
];
