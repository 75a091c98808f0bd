//! The one gate: who may do what, decided before a row is touched and before a body is read.
//!
//! A handler names what it does in its signature, `Gate<Tasks, Update>`, and gets a [`RequestContext`] and a [`Grant`] inside
//! [`Gate::read`], [`Gate::write`], [`Gate::create`] or [`Gate::run_once`]. There is no other way to a tenant's transaction, and the functions
//! on tasks demand that very grant: a handler that forgot to name its permission does not compile.

use std::marker::PhantomData;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use belfort_audit::Origin;
use belfort_openapi as openapi;
use belfort_rbac::{Action, Grant, Offers};
use belfort_tenancy::postgres::TenantTx;
use belfort_workspace::Caller;
use belfort_workspace::idempotency::{self, Claim, Stored};
use chrono::{DateTime, Utc};
use futures_util::future::{Ready, ready};
use paperclip::actix::OperationModifier;
use paperclip::v2::models::DefaultOperationRaw;
use paperclip::v2::schema::Apiv2Schema;
use sha2::{Digest, Sha256};

use crate::context::RequestInfo;
use crate::error::{ApiResult, Problem, ProblemCode};
use crate::input::Body;
use crate::input::Input;
use crate::output::{DoneOnce, Keep, Once};
use crate::state::App;

/// A request that needs the permission to do `A` on `R`.
pub(crate) struct Gate<R, A> {
    info: RequestInfo,
    of: PhantomData<fn() -> (R, A)>,
}

/// A request that needs somebody logged in, and no permission: it is about themselves.
pub(crate) struct Authenticated(RequestInfo);

/// A request in a workspace that anybody may make.
pub(crate) struct AnonymousInTenant(RequestInfo);

/// A request that needs no workspace.
pub(crate) struct Untenanted(pub(crate) RequestInfo);

/// One request inside its transaction.
pub(crate) struct RequestContext {
    /// The transaction, bound to the workspace.
    pub(crate) tx: TenantTx,
    /// Who asks, as of this transaction.
    pub(crate) caller: Caller,
    /// The moment that everything in it is dated with.
    pub(crate) now: DateTime<Utc>,
    /// Where its changes come from.
    pub(crate) origin: Origin,
    pub(crate) info: RequestInfo,
}

impl RequestContext {
    /// Begins the transaction and finds out who asks.
    pub(crate) fn begin(info: RequestInfo) -> ApiResult<Self> {
        let now = info.now();
        let mut tx = info.begin_tenant_tx()?;
        let caller = info.caller(&mut tx, now)?;
        let origin = info.origin(caller.actor(), now);
        Ok(Self { tx, caller, now, origin, info })
    }

    /// The permission to do something else beside: a comment needs its task.
    pub(crate) fn grant<R: Offers<A>, A: Action>(&self) -> ApiResult<Grant<R, A>> {
        Ok(self.caller.principal.grant()?)
    }

    /// The `Idempotency-Key` of the request, if it has one that can be kept.
    pub(crate) fn key(&self) -> ApiResult<Option<String>> {
        match &self.info.idempotency_key {
            Some(key) if !(1..=255).contains(&key.len()) => Err(Problem::new(
                ProblemCode::BadIdempotencyKey,
                "An Idempotency-Key is sent once and has 1 to 255 characters of ASCII.",
            )),
            key => Ok(key.clone()),
        }
    }

    /// Does something once: with an `Idempotency-Key` the same request, told by its digest, gets the answer it got before.
    ///
    /// The key is claimed in the transaction of the change, so a crash in between loses both, and a second request with the
    /// key waits for the first.
    pub(crate) fn once(
        &mut self,
        request: [u8; 32],
        work: impl FnOnce(&mut Self) -> ApiResult<Stored>,
    ) -> ApiResult<Stored> {
        let Some(key) = self.key()? else { return work(self) };
        match idempotency::claim(&mut self.tx, self.caller.user, &key, request, self.now)? {
            Claim::Replay(stored) => Ok(stored),
            Claim::Mismatch => {
                let detail = "This Idempotency-Key was used for another request.";
                Err(Problem::new(ProblemCode::IdempotencyKeyReused, detail))
            }
            Claim::New => {
                let stored = work(self)?;
                idempotency::store(&mut self.tx, self.caller.user, &key, &stored)?;
                Ok(stored)
            }
        }
    }

    /// Makes what was done last.
    pub(crate) fn commit(self) -> ApiResult<()> {
        Ok(self.tx.commit()?)
    }
}

impl<R: Offers<A>, A: Action> Gate<R, A> {
    /// Looks at something. Nothing that is done inside lasts.
    pub(crate) async fn read<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut RequestContext, &Grant<R, A>) -> ApiResult<T> + Send + 'static,
    ) -> ApiResult<T> {
        Authenticated(self.info)
            .read(|ctx| {
                let grant = ctx.grant()?;
                work(ctx, &grant)
            })
            .await
    }

    /// Changes something. What is done inside lasts exactly when `work` succeeds.
    pub(crate) async fn write<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut RequestContext, &Grant<R, A>) -> ApiResult<T> + Send + 'static,
    ) -> ApiResult<T> {
        Authenticated(self.info)
            .write(|ctx| {
                let grant = ctx.grant()?;
                work(ctx, &grant)
            })
            .await
    }

    /// Makes something out of `body`, once: with an `Idempotency-Key` the same request gets the answer it got before.
    pub(crate) async fn create<B: Input + Send + 'static, K: Keep<Row: Send + 'static>>(
        self,
        body: Body<B>,
        work: impl FnOnce(&mut RequestContext, &Grant<R, A>, B) -> ApiResult<K> + Send + 'static,
    ) -> ApiResult<Once<K::Row>> {
        let bytes = body.bytes();
        let made = self.once(bytes, move |ctx, grant| Ok(work(ctx, grant, body.parse()?)?.stored())).await?;
        Ok(Once(made, PhantomData))
    }

    /// Does something that needs no body, once: with an `Idempotency-Key` the same request gets the answer it got before.
    pub(crate) async fn run_once<K: Keep<Row: Send + 'static>>(
        self,
        work: impl FnOnce(&mut RequestContext, &Grant<R, A>) -> ApiResult<K> + Send + 'static,
    ) -> ApiResult<DoneOnce<K::Row>> {
        let done = self.once(Bytes::new(), move |ctx, grant| Ok(work(ctx, grant)?.stored())).await?;
        Ok(DoneOnce(done, PhantomData))
    }

    async fn once(
        self,
        body: Bytes,
        work: impl FnOnce(&mut RequestContext, &Grant<R, A>) -> ApiResult<Stored> + Send + 'static,
    ) -> ApiResult<Stored> {
        self.write(move |ctx, grant| {
            let (method, path) = (ctx.info.method.clone(), ctx.info.path.clone());
            let request = digest(&[method.as_str().as_bytes(), path.as_bytes(), &body]);
            ctx.once(request, |ctx| work(ctx, grant))
        })
        .await
    }

    /// The same request again, for what takes several transactions because it waits in between: each begins at the gate.
    pub(crate) fn reauthorize(&self) -> Self {
        Self { info: self.info.clone(), of: PhantomData }
    }

    /// Takes back what this request did in transactions that lasted. Who sent it is not asked: they may be nobody any more.
    pub(crate) async fn compensate(
        self,
        work: impl FnOnce(&mut TenantTx) -> ApiResult<()> + Send + 'static,
    ) -> ApiResult<()> {
        let app = Arc::clone(&self.info.app);
        app.database(move |_: &App| {
            let mut tx = self.info.begin_tenant_tx()?;
            work(&mut tx)?;
            Ok(tx.commit()?)
        })
        .await
    }
}

/// What tells one request from another, for the use of a key. The parts are told apart by their lengths.
pub(crate) fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

impl Authenticated {
    /// Looks at something of the caller's own.
    pub(crate) async fn read<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut RequestContext) -> ApiResult<T> + Send + 'static,
    ) -> ApiResult<T> {
        let app = Arc::clone(&self.0.app);
        app.database(move |_: &App| work(&mut RequestContext::begin(self.0)?)).await
    }

    /// Changes something of the caller's own.
    pub(crate) async fn write<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut RequestContext) -> ApiResult<T> + Send + 'static,
    ) -> ApiResult<T> {
        let app = Arc::clone(&self.0.app);
        app.database(move |_: &App| {
            let mut ctx = RequestContext::begin(self.0)?;
            let answer = work(&mut ctx)?;
            ctx.commit()?;
            Ok(answer)
        })
        .await
    }

    /// The request, for what takes several steps.
    pub(crate) fn into_info(self) -> RequestInfo {
        self.0
    }
}

impl AnonymousInTenant {
    /// The request, for what takes several steps.
    pub(crate) fn into_info(self) -> RequestInfo {
        self.0
    }
}

macro_rules! from_request {
    ($([$($generics:tt)*] $name:ty, |$info:ident| $make:expr;)*) => {$(
        impl<$($generics)*> FromRequest for $name {
            type Error = Problem;
            type Future = Ready<ApiResult<Self>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                ready(RequestInfo::of(request).map(|$info| $make))
            }
        }

        impl<$($generics)*> Apiv2Schema for $name {}
    )*};
}

from_request! {
    [R: 'static, A: 'static] Gate<R, A>, |info| Self { info, of: PhantomData };
    [] Authenticated, |info| Self(info);
    [] AnonymousInTenant, |info| Self(info);
    [] Untenanted, |info| Self(info);
}

const WORKSPACE: &str = "On the base domain: the slug of the workspace. Elsewhere the host tells it.";

impl<R: Offers<A>, A: Action> OperationModifier for Gate<R, A> {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        openapi::permission(op, R::NAME, A::NAME);
        openapi::header_parameter(op, "X-Workspace", WORKSPACE, false);
        openapi::problems(op, &[401, 403, 404, 503]);
    }
}

impl OperationModifier for Authenticated {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        openapi::secured(op);
        openapi::header_parameter(op, "X-Workspace", WORKSPACE, false);
        openapi::problems(op, &[401, 403, 404, 503]);
    }
}

impl OperationModifier for AnonymousInTenant {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        openapi::public(op);
        openapi::header_parameter(op, "X-Workspace", WORKSPACE, false);
        openapi::problems(op, &[403, 404, 503]);
    }
}

impl OperationModifier for Untenanted {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        openapi::public(op);
        openapi::problems(op, &[503]);
    }
}
