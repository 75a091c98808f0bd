//! `/auth/password`.

use std::sync::Arc;

use belfort_auth::Password;
use belfort_workspace::login::{NewPassword, PasswordChange};
use paperclip::actix::api_v2_operation;

use super::{check, own_session};
use crate::context::{Authenticated, RequestContext, RequestInfo};
use crate::error::{ApiResult, FieldCode, Problem, ProblemCode};
use crate::input::{Attempt, Body, input};
use crate::output::Done;

input! {
    /// A new password.
    pub(crate) struct ChangePassword {
        /// The one that is good now.
        current_password: Attempt,
        /// The one that is to be good from now on: 8 characters at least.
        new_password: Password,
    }
}

/// Change the password
///
/// Every other session of yours ends.
#[api_v2_operation(operation_id = "change_password", tags(Auth))]
pub(crate) async fn change_password(
    authenticated: Authenticated,
    body: Body<ChangePassword>,
) -> ApiResult<Done> {
    let info = authenticated.into_info();
    let (app, asking) = (Arc::clone(&info.app), info.clone());
    let (change, body) = app
        .database(move |app| {
            let ctx = RequestContext::begin(asking)?;
            let body = body.parse()?;
            let (tenancy, limit) = (&app.services.tenancy, app.settings.login);
            Ok((PasswordChange::reserve(ctx.tx, tenancy, limit, ctx.now, &ctx.caller)?, body))
        })
        .await?;
    check(
        &app,
        change.reservation(),
        wrong,
        move |hasher| change.verify(hasher, &body.current_password.0, &body.new_password),
        move |_, new| store(info, &new),
    )
    .await
}

fn store(info: RequestInfo, new: &NewPassword) -> ApiResult<Done> {
    let mut ctx = RequestContext::begin(info)?;
    if !new.store(&mut ctx.tx, &ctx.origin, own_session(&ctx.caller)?)? {
        return Err(Problem::new(ProblemCode::ChangedMeanwhile, "The password was changed meanwhile."));
    }
    ctx.commit()?;
    Ok(Done)
}

fn wrong() -> Problem {
    Problem::invalid_field("current_password", FieldCode::WrongPassword, "is not your password")
}
