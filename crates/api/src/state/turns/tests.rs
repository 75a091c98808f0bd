//! Whatever is taken and given back in whatever order: shares are kept, and nobody waits who need not.

use belfort_testkit::now;
use proptest::prelude::*;
use tokio::sync::oneshot::error::TryRecvError;

use super::*;

fn share(holder: Option<TenantId>, user: Option<UserId>) -> Share {
    Share { holder: holder.map_or(Holder::Unknown, Holder::Workspace), user }
}

/// A turn if one is to be had now.
fn try_take(turns: &Arc<Turns>, share: Share) -> Option<Turn> {
    let taken = turns.state().take(share);
    taken.then(|| turns.turn(share))
}

/// As many turns as are to be had now.
fn take_all(turns: &Arc<Turns>, share: Share) -> Vec<Turn> {
    std::iter::from_fn(|| try_take(turns, share)).collect()
}

#[test]
fn a_workspace_alone_gets_half_and_a_user_alone_a_third() {
    for (count, of_workspace, of_user) in [(1, 1, 1), (2, 1, 1), (3, 2, 1), (8, 4, 3), (12, 6, 4), (16, 8, 6)]
    {
        let (turns, tenant) = (Turns::new(count), Some(TenantId::new(now())));
        let first = take_all(&turns, share(tenant, Some(UserId::new(now()))));
        assert_eq!(first.len(), of_user, "of {count}");
        let second = take_all(&turns, share(tenant, Some(UserId::new(now()))));
        let third = take_all(&turns, share(tenant, Some(UserId::new(now()))));
        assert_eq!(first.len() + second.len() + third.len(), of_workspace, "of {count}");
    }
}

#[test]
fn every_workspace_that_comes_later_finds_a_turn() {
    let turns = Turns::new(16);
    let mut held = Vec::new();
    for expected in [6, 4, 2, 2, 1, 1] {
        let tenant = TenantId::new(now());
        let got = take_all(&turns, share(Some(tenant), Some(UserId::new(now()))));
        assert_eq!(got.len(), expected, "after {} others", held.len());
        held.push(got);
    }
}

#[test]
fn names_that_are_made_up_share_one_share() {
    let turns = Turns::new(8);
    let held = take_all(&turns, share(None, None));
    assert_eq!(held.len(), 3);
    assert!(try_take(&turns, share(Some(TenantId::new(now())), None)).is_some());
    assert!(try_take(&turns, Share::SERVER).is_some());
}

#[test]
fn who_stops_waiting_is_passed_over_and_a_turn_for_nobody_comes_back() {
    let (turns, a) = (Turns::new(1), share(Some(TenantId::new(now())), None));
    let held = try_take(&turns, a).unwrap();
    let gone = turns.state().queue(a);
    let mut next = turns.state().queue(a);
    drop(gone);
    drop(held);
    let turn = next.try_recv().unwrap();
    let never_asked = turns.state().queue(a);
    drop(turn);
    drop(never_asked); // with the turn in it
    assert!(try_take(&turns, a).is_some());
}

#[tokio::test]
async fn who_comes_first_is_served_first() {
    let (turns, a) = (Turns::new(1), share(Some(TenantId::new(now())), None));
    let held = turns.take(a).await;
    let (mut first, mut second) = (Box::pin(turns.take(a)), Box::pin(turns.take(a)));
    assert!(
        futures_util::poll!(first.as_mut()).is_pending() && futures_util::poll!(second.as_mut()).is_pending()
    );
    drop(held);
    assert!(futures_util::poll!(second.as_mut()).is_pending());
    drop(first.await);
    second.await;
}

/// One change to the turns.
#[derive(Debug, Clone)]
enum Step {
    Ask { tenant: usize, user: usize },
    GiveBack(usize),
    StopWaiting(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0_usize..4, 0_usize..3).prop_map(|(tenant, user)| Step::Ask { tenant, user }),
        2 => any::<usize>().prop_map(Step::GiveBack),
        1 => any::<usize>().prop_map(Step::StopWaiting),
    ];
    proptest::collection::vec(step, 1..120)
}

proptest! {
    #[test]
    fn shares_are_kept_and_nobody_waits_who_has_room(count in 1_usize..20, steps in steps()) {
        let turns = Turns::new(count);
        let tenants: Vec<TenantId> = (0..4).map(|_| TenantId::new(now())).collect();
        let users: Vec<UserId> = (0..3).map(|_| UserId::new(now())).collect();
        let (mut held, mut places): (Vec<Turn>, Vec<(Share, oneshot::Receiver<Turn>)>) = (Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Ask { tenant, user } => {
                    let share = share(Some(tenants[tenant]), Some(users[user]));
                    if let Some(turn) = try_take(&turns, share) {
                        held.push(turn);
                    } else {
                        let place = turns.state().queue(share);
                        places.push((share, place));
                    }
                }
                Step::GiveBack(which) if !held.is_empty() => drop(held.swap_remove(which % held.len())),
                Step::StopWaiting(which) if !places.is_empty() => drop(places.swap_remove(which % places.len())),
                Step::GiveBack(_) | Step::StopWaiting(_) => {}
            }
            places.retain_mut(|(_, place)| match place.try_recv() {
                Ok(turn) => { held.push(turn); false }
                Err(TryRecvError::Empty) => true,
                Err(TryRecvError::Closed) => panic!("a place was lost"),
            });
            let state = turns.state();
            prop_assert_eq!(state.free + held.len(), count);
            for (counted, of) in [(state.held_by_holder.values().sum::<usize>(), "workspaces"), (state.held_by_user.values().sum(), "users")] {
                prop_assert_eq!(counted, held.len(), "{}", of);
            }
            prop_assert!(state.held_by_holder.values().all(|held| held.saturating_sub(1) < count.div_ceil(2)));
            prop_assert!(state.held_by_user.values().all(|held| held.saturating_sub(1) < count.div_ceil(3)));
            for (share, _) in &places {
                let by_holder = state.held_by_holder.get(&share.holder).copied().unwrap_or(0);
                let by_user = state.held_by_user.get(share).copied().unwrap_or(0);
                prop_assert!(!may_take(state.free, by_holder, by_user), "{:?} waits for nothing", share);
            }
        }
        drop(held);
        // Everybody who waits is served in the end, and nothing is left over.
        while !places.is_empty() {
            let before = places.len();
            places.retain_mut(|(_, place)| place.try_recv().is_err());
            prop_assert!(places.len() < before, "{} wait for ever", before);
        }
        let state = turns.state();
        prop_assert_eq!(state.free, count);
        prop_assert!(state.held_by_holder.is_empty() && state.held_by_user.is_empty() && state.order.is_empty());
    }
}
