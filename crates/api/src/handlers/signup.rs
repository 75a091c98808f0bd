//! `/signup`: a new workspace, which is none until its code is confirmed.

use std::sync::Arc;

use belfort_auth::{Code, Email, Password};
use belfort_ids::SignupId;
use belfort_tenancy::{Slug, Tenant};
use belfort_values::Word;
use belfort_workspace::signup::{self, Confirmed, Signup, SignupLimits};
use belfort_workspace::{Arrival, FullName, WorkspaceName};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use uuid::Uuid;

use crate::context::RequestInfo;
use crate::context::Untenanted;
use crate::error::{ApiResult, FieldCode, Problem};
use crate::handlers::users::UserView;
use crate::input::{Body, Path};
use crate::input::{RawText, input};
use crate::mail;
use crate::output::{Accepted, CreatedElsewhere, Json, Timestamp};

input! {
    /// A request for a new workspace.
    pub(crate) struct StartSignup {
        /// The e-mail address of the first admin, to which the code is sent.
        email: Email,
        /// The password of the first admin: at least 8 characters.
        password: Password,
        /// The full name of the first admin.
        full_name: FullName,
        /// The name of the workspace.
        workspace_name: WorkspaceName,
        /// The slug: the name of the workspace in host names, `{slug}.{base domain}`.
        slug: Slug,
    }
}

input! {
    /// The code that confirms a sign-up.
    pub(crate) struct ConfirmSignup {
        /// The code from the e-mail: six digits.
        code: RawText<20>,
    }
}

/// A sign-up that is waiting for its code.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct SignupView {
    /// The ID of the sign-up.
    signup_id: Uuid,
}

/// A workspace.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct WorkspaceView {
    /// The ID of the workspace.
    id: Uuid,
    /// The slug: the name of the workspace in host names.
    slug: String,
    /// The name.
    name: String,
    /// The plan: `free`, `pro` or `business`.
    plan: &'static str,
    /// The time of creation.
    created_at: Timestamp,
}

impl From<Tenant> for WorkspaceView {
    fn from(tenant: Tenant) -> Self {
        Self {
            id: tenant.id.uuid(),
            slug: tenant.slug.to_string(),
            name: tenant.name,
            plan: tenant.plan.as_str(),
            created_at: Timestamp(tenant.created_at),
        }
    }
}

/// A new workspace and its first admin.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct NewWorkspaceView {
    /// The workspace.
    workspace: WorkspaceView,
    /// The first admin.
    user: UserView,
}

/// Sign up
///
/// Sends a code by e-mail. The workspace is created once the code is confirmed. The number of sign-ups is
/// limited for each IP address and each e-mail domain (429).
#[api_v2_operation(operation_id = "start_signup", tags(Signup))]
pub(crate) async fn start(
    untenanted: Untenanted,
    body: Body<StartSignup>,
) -> ApiResult<Accepted<Json<SignupView>>> {
    let info = untenanted.into_info()?;
    let StartSignup { email, password, full_name, workspace_name, slug } = body.parse()?;
    let app = Arc::clone(&info.app);
    count(&info, &email).await?;
    let password = app.hashing(move |hasher| hasher.hash(&password).map_err(Problem::internal)).await?;
    let signup = Signup { email: email.clone(), full_name, workspace_name, slug, password };
    let now = info.now();
    let started = app
        .database(move |app| {
            let mut control = app.services.tenancy.control()?;
            Ok(signup::start(&mut control, &app.services.keyring, &signup, now)?)
        })
        .await?;
    app.mail(mail::signup_code(&email, started.id, &started.code)?).await?;
    Ok(Accepted(Json(SignupView { signup_id: started.id.uuid() })))
}

/// Counts this sign-up, also when it comes to nothing.
async fn count(info: &RequestInfo, email: &Email) -> ApiResult<()> {
    let (info, email) = (info.clone(), email.clone());
    Arc::clone(&info.app)
        .database(move |app| {
            let settings = &app.settings;
            let limits = SignupLimits {
                per_ip: settings.signup_per_ip,
                per_email_domain: settings.signup_per_email_domain,
            };
            Ok(signup::count(&app.services.tenancy, limits, info.now(), &email, info.ip)?)
        })
        .await
}

/// Confirm a sign-up
///
/// Creates the workspace and its first admin. A sign-up can be confirmed once, and is cancelled after five
/// wrong codes.
#[api_v2_operation(operation_id = "confirm_signup", tags(Signup))]
pub(crate) async fn confirm(
    untenanted: Untenanted,
    path: Path<(SignupId,)>,
    body: Body<ConfirmSignup>,
) -> ApiResult<CreatedElsewhere<Json<NewWorkspaceView>>> {
    let info = untenanted.into_info()?;
    let id = path.ids()?.0;
    let code = Code::parse(&body.parse()?.code.0)
        .ok_or_else(|| Problem::invalid_field("code", FieldCode::Invalid, "must be a code of six digits"))?;
    let app = Arc::clone(&info.app);
    app.database(move |app| {
        let services = &app.services;
        let arrival = Arrival { at: info.now(), request_id: info.request_id.clone(), ip: info.ip };
        let Confirmed { tenant, user } =
            signup::confirm(&services.tenancy, &services.keyring, &services.migrations, id, &code, &arrival)?;
        Ok(CreatedElsewhere(Json(NewWorkspaceView { workspace: tenant.into(), user: user.into() })))
    })
    .await
}
