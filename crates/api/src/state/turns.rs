//! The turns in the database, shared fairly between workspaces and between the users of each.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use belfort_ids::{TenantId, UserId};
use tokio::sync::oneshot;

/// The share that a turn is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Share {
    pub(crate) holder: Holder,
    /// The user, if their credential is known to this process; all others of the holder have one share together.
    pub(crate) user: Option<UserId>,
}

/// Whose turns are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Holder {
    /// A workspace that was found before.
    Workspace(TenantId),
    /// All addresses where none was found, and requests without one: a name that is made up must not bring a share of its own.
    Unknown,
    /// The server itself, for its probes and to put in order what a request leaves behind.
    Server,
}

/// The turns.
#[derive(Debug)]
pub(crate) struct Turns(Mutex<State>);

/// A turn. It is given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    turns: Arc<Turns>,
    share: Share,
}

#[derive(Debug)]
struct State {
    free: usize,
    held_by_holder: HashMap<Holder, usize>,
    held_by_user: HashMap<Share, usize>,
    waiting: HashMap<Share, VecDeque<oneshot::Sender<Turn>>>,
    /// The keys of `waiting`, in the order in which they are served.
    order: VecDeque<Share>,
}

/// Returns whether another turn may be taken, with `free` of them left.
///
/// A workspace that is alone gets half of all turns, one of `k` that are busy `1 / (k + 1)`, and there is always one left for
/// whoever comes next. The same holds again for the users of a workspace. This is the dynamic threshold of Choudhury and Hahne,
/// "Dynamic queue length thresholds for shared-memory packet switches" (1998), with a factor of 1, in two levels.
const fn may_take(free: usize, held_by_holder: usize, held_by_user: usize) -> bool {
    held_by_holder + held_by_user < free
}

impl Share {
    /// The share of the server itself.
    pub(crate) const SERVER: Self = Self { holder: Holder::Server, user: None };
}

impl Turns {
    /// This many turns.
    pub(crate) fn new(count: usize) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            free: count,
            held_by_holder: HashMap::new(),
            held_by_user: HashMap::new(),
            waiting: HashMap::new(),
            order: VecDeque::new(),
        })))
    }

    /// A turn, as soon as this share has room for it. Who stops waiting loses the place.
    pub(crate) async fn take(self: &Arc<Self>, share: Share) -> Turn {
        let place = {
            let mut state = self.state();
            if !state.waiting.contains_key(&share) && state.take(share) {
                return self.turn(share);
            }
            state.queue(share)
        };
        match place.await {
            Ok(turn) => turn,
            // A place is only dropped with its turn, or together with the turns.
            Err(_dropped) => std::future::pending().await,
        }
    }

    fn turn(self: &Arc<Self>, share: Share) -> Turn {
        Turn { turns: Arc::clone(self), share }
    }

    fn release(self: &Arc<Self>, share: Share) {
        let mut served = Vec::new();
        {
            let mut state = self.state();
            state.give_back(share);
            while let Some((next, place)) = state.next() {
                served.push((place, self.turn(next)));
            }
        }
        for (place, turn) in served {
            // Without the lock: who is gone by now drops the turn, and so releases it.
            drop(place.send(turn));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.release(self.share);
    }
}

impl State {
    fn take(&mut self, share: Share) -> bool {
        let by_holder = self.held_by_holder.get(&share.holder).copied().unwrap_or_default();
        let by_user = self.held_by_user.get(&share).copied().unwrap_or_default();
        let taken = may_take(self.free, by_holder, by_user);
        if taken {
            self.free -= 1;
            self.held_by_holder.insert(share.holder, by_holder + 1);
            self.held_by_user.insert(share, by_user + 1);
        }
        taken
    }

    fn give_back(&mut self, share: Share) {
        self.free += 1;
        one_less(&mut self.held_by_holder, &share.holder);
        one_less(&mut self.held_by_user, &share);
    }

    fn queue(&mut self, share: Share) -> oneshot::Receiver<Turn> {
        let (place, turn) = oneshot::channel();
        let places = self.waiting.entry(share).or_insert_with(|| {
            self.order.push_back(share);
            VecDeque::new()
        });
        places.push_back(place);
        turn
    }

    /// Takes a turn for the next share that waits and has room, and puts that share behind the others.
    fn next(&mut self) -> Option<(Share, oneshot::Sender<Turn>)> {
        for _ in 0..self.order.len() {
            let share = self.order.pop_front()?;
            let mut places = self.waiting.remove(&share).unwrap_or_default();
            // Who has stopped waiting is in nobody's way.
            while places.pop_front_if(|place| place.is_closed()).is_some() {}
            let served = if !places.is_empty() && self.take(share) { places.pop_front() } else { None };
            if !places.is_empty() {
                self.waiting.insert(share, places);
                self.order.push_back(share);
            }
            if let Some(place) = served {
                return Some((share, place));
            }
        }
        None
    }
}

fn one_less<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests;
