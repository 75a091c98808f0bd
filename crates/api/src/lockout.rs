//! Who cannot log in for a while, because somebody failed to too often in their name.

use belfort_auth::CounterKey;
use belfort_auth::postgres::counters;
use belfort_ids::UserId;
use belfort_workspace::users;

use crate::context::RequestContext;
use crate::error::ApiResult;

/// Which admins of the workspace are locked out now. A change that would leave these alone leaves nobody who could come in.
///
/// Failed logins are counted in the control schema, which the request's transaction cannot see: this is another connection,
/// given back before the change begins to wait for anybody.
pub(crate) fn admins(ctx: &mut RequestContext) -> ApiResult<Vec<UserId>> {
    let app = &ctx.info.app;
    let tenant = ctx.tx.tenant().id;
    let admins = users::admins(&mut ctx.tx)?;
    let keys: Vec<_> = admins.iter().map(|(_, email)| CounterKey::login_user(tenant, email)).collect();
    let mut control = app.services.tenancy.control()?;
    let reached = counters::are_exhausted(&mut control, &keys, app.settings.login, ctx.now)?;
    Ok(admins.iter().zip(reached).filter(|(_, reached)| *reached).map(|((user, _), _)| *user).collect())
}
