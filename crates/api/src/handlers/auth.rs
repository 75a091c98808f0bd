//! `/auth`: logging in and out, the password, and the sessions.

mod login;
mod password;
mod sessions;

use std::sync::Arc;

use belfort_auth::{HashError, Hasher};
use belfort_workspace::Reservation;

pub(crate) use login::*;
pub(crate) use password::*;
pub(crate) use sessions::*;

use crate::context::RequestInfo;
use crate::error::{ApiResult, Problem};
use crate::state::{App, HashingFor, Share};

/// Checks the password of an attempt that was counted, and acts when it is right.
///
/// A wrong one stays counted. Whatever else comes of it, the attempt is given back: nothing was found out by it.
async fn check<V: Send + 'static, T: Send + 'static>(
    info: &RequestInfo,
    sender: HashingFor,
    attempt: Reservation,
    wrong: fn() -> Problem,
    verify: impl FnOnce(&Hasher) -> Result<Option<V>, HashError> + Send + 'static,
    act: impl FnOnce(&App, V) -> ApiResult<T> + Send + 'static,
) -> ApiResult<T> {
    let (app, share) = (&info.app, info.share());
    let verified = app.hashing(sender, move |hasher| verify(hasher).map_err(Problem::internal)).await;
    let done = match verified {
        Ok(None) => return Err(wrong()),
        Ok(Some(verified)) => {
            let attempt = attempt.clone();
            app.database(share, move |app| {
                let done = act(app, verified);
                refund(app, &attempt);
                done
            })
            .await
        }
        Err(problem) => Err(problem),
    };
    if done.is_err() {
        // Also when it was never its turn to act.
        give_back(app, attempt).await;
    }
    done
}

/// Gives an attempt back, in a turn of the server's and not of the caller's share: whoever floods a workspace would otherwise have
/// the attempts of others stay counted.
pub(crate) async fn give_back(app: &Arc<App>, attempt: Reservation) {
    let work = move |app: &App| {
        refund(app, &attempt);
        Ok(())
    };
    // Where no turn is to be had, it counts until its window is over.
    let done: ApiResult<()> = app.database(Share::SERVER, work).await;
    done.ok();
}

/// Gives an attempt back. Where that cannot be done, it counts until its window is over.
fn refund(app: &App, attempt: &Reservation) {
    if let Err(error) = attempt.refund(&app.counters) {
        tracing::warn!(%error, "an attempt that is to be given back stays counted");
    }
}
