//! `/auth`: logging in and out, the password, and the sessions.

mod login;
mod password;
mod sessions;

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
        // Also when it was never its turn to act, and not from the caller's share: whoever floods a workspace with logins would
        // otherwise have the attempts of others stay counted.
        app.database(Share::SERVER, move |app| {
            refund(app, &attempt);
            Ok(())
        })
        .await
        .ok();
    }
    done
}

/// Gives an attempt back. Where that cannot be done, it counts until its window is over.
pub(crate) fn refund(app: &App, attempt: &Reservation) {
    if let Err(error) = attempt.refund(&app.counters) {
        tracing::warn!(%error, "an attempt that is to be given back stays counted");
    }
}
