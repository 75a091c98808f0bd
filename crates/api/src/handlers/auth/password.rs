//! `/auth/password`.

use belfort_auth::Password;
use belfort_ids::SessionId;
use belfort_workspace::ReserveError;
use belfort_workspace::login::{NewPassword, PasswordChange};
use paperclip::actix::api_v2_operation;

use super::check;
use crate::context::{RequestContext, SessionOnly};
use crate::error::{ApiResult, FieldCode, Problem, ProblemCode, Refusals, Refused};
use crate::input::{Body, PasswordAttempt, check_personal, input};
use crate::output::NoContent;
use crate::state::HashingFor;

input! {
    /// The current password and the new one.
    pub(crate) struct ChangePassword {
        /// The current password.
        current_password: PasswordAttempt,
        /// The new password: at least 8 characters, and not easy to guess.
        new_password: Password,
    }
}

/// Change your password
///
/// Ends all your other sessions.
#[api_v2_operation(operation_id = "change_password", tags(Auth))]
pub(crate) async fn change_password(
    session: SessionOnly,
    body: Body<ChangePassword>,
) -> ApiResult<NoContent, Refused<(ReserveError, ChangedMeanwhile)>> {
    let info = session.info().clone();
    let body = session.receive(body).await?;
    let (change, body) = session
        .reauthorize()
        .take(move |ctx| {
            let body = body.parse()?;
            let (caller, workspace) = (&ctx.caller, ctx.tx.tenant());
            let about = [&*caller.email, &*caller.full_name, &*workspace.name, workspace.slug.as_str()];
            check_personal("new_password", &body.new_password, &about)?;
            let (counters, limit) = (&ctx.info.app.counters, ctx.info.app.settings.login);
            let change = PasswordChange::reserve(ctx.tx, counters, limit, ctx.now, &ctx.caller);
            Ok((change.map_err(Refused::<ReserveError>::from)?, body))
        })
        .await?;
    check(
        &info,
        HashingFor::Known,
        change.reservation(),
        wrong,
        move |hasher| change.verify(hasher, &body.current_password, &body.new_password),
        move |_, new| session.write_now(|ctx, current| store(ctx, current, &new)),
    )
    .await?;
    Ok(NoContent)
}

/// The refusal of the slower one of two changes.
pub(crate) struct ChangedMeanwhile;

impl Refusals for ChangedMeanwhile {
    fn codes() -> Vec<ProblemCode> {
        vec![ProblemCode::ChangedMeanwhile]
    }
}

fn store(ctx: &mut RequestContext, current: SessionId, new: &NewPassword) -> ApiResult<NoContent> {
    if new.store(&mut ctx.tx, &ctx.origin, current)? {
        return Ok(NoContent);
    }
    let detail = "The password was changed by another request. Try again with the new one.";
    Err(Problem::new(ProblemCode::ChangedMeanwhile, detail))
}

fn wrong() -> Problem {
    Problem::invalid_field("current_password", FieldCode::WrongPassword, "is not your current password")
}
