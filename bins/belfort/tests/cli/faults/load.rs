//! Eight callers who read and write without a pause.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use super::claims::PATIENCE;
use super::client::{Client, Request, Verdict};

/// The callers that write, each of which repeats a request until it is acknowledged.
const WRITERS: usize = 4;
/// All callers.
const CALLERS: usize = 8;

/// Eight callers who read and write without a pause.
pub(super) struct Load {
    client: Client,
    is_over: AtomicBool,
    /// The right answers of each.
    right: [AtomicUsize; CALLERS],
    /// The answers that the server is busy.
    busy: AtomicUsize,
    wrong: Mutex<Vec<String>>,
    acknowledged: Mutex<BTreeSet<String>>,
}

impl Load {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            is_over: AtomicBool::new(false),
            right: Default::default(),
            busy: AtomicUsize::new(0),
            wrong: Mutex::default(),
            acknowledged: Mutex::default(),
        }
    }

    /// Runs `director` while they call.
    pub(super) fn run(&self, director: impl FnOnce(&Self)) {
        std::thread::scope(|scope| {
            for caller in 0..CALLERS {
                scope.spawn(move || if caller < WRITERS { self.write(caller) } else { self.read(caller) });
            }
            // They stop also when it panics.
            let _over = Over(self);
            director(self);
        });
        self.nothing_is_wrong();
    }

    pub(super) fn until_each_is_right(&self) {
        self.until("they begin", self.each_has(0));
    }

    pub(super) fn until_some_are_busy(&self) {
        let before = self.busy.load(Ordering::Relaxed);
        self.until("the fault shows", || self.busy.load(Ordering::Relaxed) > before.saturating_add(WRITERS));
    }

    pub(super) fn until_each_is_right_again(&self) {
        // The first right answer may be one that was given before the end of the fault.
        let ended = Instant::now();
        self.until("each is right again", self.each_has(2));
        println!("under load, each is right again after {:?}", ended.elapsed());
    }

    /// Panics unless each task that was acknowledged is there once, and no other twice.
    pub(super) fn nothing_is_lost_or_doubled(&self) {
        let there = self.titles();
        let acknowledged = self.acknowledged.lock().unwrap();
        assert!(acknowledged.len() > WRITERS);
        for title in &*acknowledged {
            assert_eq!(there.get(title), Some(&1), "{title} was acknowledged");
        }
        let doubled: Vec<_> =
            there.iter().filter(|(title, count)| title.starts_with("load ") && **count > 1).collect();
        assert!(doubled.is_empty(), "{doubled:?}");
    }

    fn write(&self, caller: usize) {
        for count in 0.. {
            let title = format!("load {caller} {count}");
            let request = Request::create_task(&title);
            while !self.calls(caller, 201, &request) {
                if self.is_over.load(Ordering::Relaxed) {
                    return;
                }
            }
            self.acknowledged.lock().unwrap().insert(title);
            if self.is_over.load(Ordering::Relaxed) {
                return;
            }
        }
    }

    fn read(&self, caller: usize) {
        let requests = [Request::get("/api/v1/me"), Request::get("/api/v1/tasks?limit=20")];
        while !self.is_over.load(Ordering::Relaxed) {
            self.calls(caller, 200, &requests[caller % 2]);
        }
    }

    fn calls(&self, caller: usize, status: u16, request: &Request) -> bool {
        match self.client.try_for(status, request) {
            Verdict::Right => self.right[caller].fetch_add(1, Ordering::Relaxed),
            Verdict::Busy => {
                self.busy.fetch_add(1, Ordering::Relaxed);
                return false;
            }
            Verdict::Wrong(answer) => {
                self.wrong.lock().unwrap().push(answer);
                return false;
            }
        };
        true
    }

    /// Returns whether each has had more than so many right answers from now on.
    fn each_has(&self, more: usize) -> impl Fn() -> bool + '_ {
        let before = self.right.each_ref().map(|count| count.load(Ordering::Relaxed));
        move || {
            self.right
                .iter()
                .zip(before)
                .all(|(now, before)| now.load(Ordering::Relaxed) > before.saturating_add(more))
        }
    }

    fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        let since = Instant::now();
        while !is_so() {
            self.nothing_is_wrong();
            let right = self.right.each_ref().map(|count| count.load(Ordering::Relaxed));
            assert!(since.elapsed() < PATIENCE, "not in {PATIENCE:?}: {what}; right answers: {right:?}");
            std::thread::yield_now();
        }
    }

    fn nothing_is_wrong(&self) {
        let wrong = self.wrong.lock().unwrap().clone();
        assert!(wrong.is_empty(), "{} answers are wrong, the first: {}", wrong.len(), wrong[0]);
    }

    /// The titles of all tasks, and how many have each.
    fn titles(&self) -> BTreeMap<String, usize> {
        let (mut titles, mut cursor) = (BTreeMap::new(), String::new());
        loop {
            let page = Request::get(format!("/api/v1/tasks?limit=200{cursor}"));
            let page = self.client.send(&page).unwrap().json();
            for task in page["items"].as_array().unwrap() {
                let count = titles.entry(task["title"].as_str().unwrap().to_owned()).or_insert(0_usize);
                *count = count.saturating_add(1);
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return titles,
            }
        }
    }
}

/// Ends the load when it goes.
struct Over<'l>(&'l Load);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::Relaxed);
    }
}
