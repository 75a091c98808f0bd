//! `/signup`: a new workspace, which is none until its code is confirmed.

use std::sync::Arc;

use belfort_auth::{Code, Email, Password};
use belfort_ids::SignupId;
use belfort_tenancy::postgres::ControlTx;
use belfort_tenancy::{Slug, Tenant};
use belfort_values::Word;
use belfort_workspace::idempotency::Stored;
use belfort_workspace::signup::{self, ConfirmError, Confirmed, Signup, SignupLimits, StartError, Started};
use belfort_workspace::{FullName, RequestSource, ReserveError, WorkspaceName};
use chrono::{DateTime, Utc};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use uuid::Uuid;

use crate::context::Untenanted;
use crate::context::{KeyedRequest, RequestInfo};
use crate::error::{ApiResult, FieldCode, Problem, Refused};
use crate::handlers::users::UserView;
use crate::input::{Body, Path, RawText, check_personal, input};
use crate::mail;
use crate::output::{Accepted, CreatedElsewhere, Idempotent, Json, Timestamp};
use crate::state::{App, HashingFor, Services};

input! {
    /// A request for a new workspace.
    pub(crate) struct StartSignup {
        /// The email address of the first admin, to which the code is sent.
        email: Email,
        /// The password of the first admin: at least 8 characters, and not easy to guess.
        password: Password,
        /// The full name of the first admin.
        full_name: FullName,
        /// The name of the workspace. It must not contain a web or email address.
        workspace_name: WorkspaceName,
        /// The slug: the name of the workspace in host names, `{slug}.{base domain}`.
        slug: Slug,
    }
}

input! {
    /// The code that confirms a sign-up.
    pub(crate) struct ConfirmSignup {
        /// The code from the email: six digits.
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
/// Sends a code by email. The workspace is created once the code is confirmed. The number of sign-ups is
/// limited for each IP address and each email domain (429).
#[api_v2_operation(operation_id = "start_signup", tags(Signup))]
pub(crate) async fn start(
    untenanted: Untenanted,
    body: Body<StartSignup>,
) -> ApiResult<Idempotent<Accepted<Json<SignupView>>>, Refused<(ReserveError, StartError)>> {
    let (info, body) = untenanted.receive(body).await?;
    let keyed = KeyedRequest::of(&info, &body.bytes())?;
    let StartSignup { email, password, full_name, workspace_name, slug } = body.parse()?;
    let about = [email.as_str(), full_name.as_str(), workspace_name.as_str(), slug.as_str()];
    check_personal("password", &password, &about)?;
    let keyed = keyed.map(|keyed| keyed.for_subject(email.as_str()));
    let (app, share) = (Arc::clone(&info.app), info.share());
    if let Some(stored) = begin(&info, keyed, &email).await? {
        return Ok(Idempotent::replay(stored));
    }
    let password = app
        .hashing(HashingFor::Anybody, move |hasher| hasher.hash(&password).map_err(Problem::internal))
        .await?;
    let signup = Signup { email: email.clone(), full_name, workspace_name, slug, password };
    let now = info.now();
    let started = app.database(share, move |app| store(app, keyed, &signup, now)).await?;
    let (stored, started) = match started {
        Ok(started) => started,
        Err(replay) => return Ok(Idempotent::replay(replay)),
    };
    let sent = app.mail(mail::signup_code(&email, started.id, &started.code)?).await;
    let is_sent = sent.is_ok();
    app.database(share, move |app| keyed.map_or(Ok(()), |keyed| keyed.finish(app, is_sent))).await?;
    sent?;
    Ok(Idempotent::replay(stored))
}

/// Counts a sign-up, also when it comes to nothing. One that was made before is not counted but answered again.
async fn begin(info: &RequestInfo, keyed: Option<KeyedRequest>, email: &Email) -> ApiResult<Option<Stored>> {
    let (info, share, email) = (info.clone(), info.share(), email.clone());
    Arc::clone(&info.app)
        .database(share, move |app| {
            if let Some(stored) = keyed.map(|keyed| keyed.find(app, info.now())).transpose()?.flatten() {
                return Ok(Some(stored));
            }
            let settings = &app.settings;
            let limits = SignupLimits {
                per_ip: settings.signup_per_ip,
                per_email_domain: settings.signup_per_email_domain,
            };
            signup::count(&app.counters, limits, info.now(), &email, info.ip)
                .map_err(Refused::<ReserveError>::from)?;
            Ok(None)
        })
        .await
}

/// Stores a sign-up with its answer; or only the answer, where the same request was faster.
fn store(
    app: &App,
    keyed: Option<KeyedRequest>,
    signup: &Signup,
    now: DateTime<Utc>,
) -> ApiResult<Result<(Stored, Started), Stored>> {
    let mut tx = app.services.tenancy.begin_control()?;
    let started =
        signup::start(&mut tx, &app.services.keyring, now, signup).map_err(Refused::<StartError>::from)?;
    let stored = Idempotent::store(Accepted(Json(SignupView { signup_id: started.id.uuid() })))?;
    if let Some(keyed) = keyed
        && !keyed.store(app, &mut tx, &stored, false, now)?
    {
        drop(tx);
        return keyed.find(app, now)?.map(Err).ok_or_else(Problem::busy);
    }
    tx.commit()?;
    Ok(Ok((stored, started)))
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
) -> ApiResult<Idempotent<CreatedElsewhere<Json<NewWorkspaceView>>>, Refused<ConfirmError>> {
    let (info, body) = untenanted.receive(body).await?;
    let keyed = KeyedRequest::of(&info, &body.bytes())?;
    let id = path.ids()?.0;
    let keyed = keyed.map(|keyed| keyed.for_subject(&id.to_string()));
    let code = Code::parse(&body.parse()?.code.0)
        .ok_or_else(|| Problem::invalid_field("code", FieldCode::Invalid, "must be a code of six digits"))?;
    let (app, share) = (Arc::clone(&info.app), info.share());
    let confirmed = move |app: &App| {
        let now = info.now();
        let find = || keyed.map(|keyed| keyed.find(app, now)).transpose().map(Option::flatten);
        if let Some(stored) = find()? {
            return Ok(Idempotent::replay(stored));
        }
        match make(app, &info, keyed, id, &code) {
            // The same request may have been faster: then there is an answer by now, and it is this one's, too.
            Err(over) => find()?.map(Idempotent::replay).ok_or_else(|| over.into()),
            Ok(stored) => Ok(Idempotent::replay(stored)),
        }
    };
    Ok(app.database(share, confirmed).await?)
}

/// Makes the workspace, and keeps the answer together with it.
fn make(
    app: &App,
    info: &RequestInfo,
    keyed: Option<KeyedRequest>,
    id: SignupId,
    code: &Code,
) -> ApiResult<Stored, Refused<ConfirmError>> {
    let Services { tenancy, keyring, migrations, .. } = &app.services;
    let source = RequestSource { at: info.now(), request_id: info.request_id.clone(), ip: info.ip };
    let mut answer = None;
    let keep = |tx: &mut ControlTx, made: &Confirmed| -> ApiResult<(), Refused<ConfirmError>> {
        let Confirmed { tenant, user } = made.clone();
        let view = NewWorkspaceView { workspace: tenant.into(), user: user.into() };
        let stored = Idempotent::store(CreatedElsewhere(Json(view)))?;
        if let Some(keyed) = keyed
            && !keyed.store(app, tx, &stored, true, source.at)?
        {
            return Err(Problem::idempotency_key_reused().into());
        }
        answer = Some(stored);
        Ok(())
    };
    signup::confirm_with(tenancy, keyring, migrations, &source, id, code, keep)?;
    answer.ok_or_else(|| Problem::internal("a confirmation without an answer").into())
}
