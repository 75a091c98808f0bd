//! The one gate: who may do what, decided before a row is touched and before a body is read.
//!
//! A handler names in its signature who passes:
//!
//! | gate | lets pass |
//! | --- | --- |
//! | [`Gate<Tasks, Update>`](Gate) | whoever holds that permission, by session or API key |
//! | [`Authenticated`] | whoever is known, by session or API key: it is about themselves |
//! | [`SessionOnly`] | whoever has a session; an API key is not enough |
//! | [`AnonymousInTenant`] | anybody, in a workspace |
//! | [`Untenanted`] | anybody, without a workspace |
//!
//! It gets a [`RequestContext`] and a [`Grant`] inside [`Gate::read`], [`Gate::write`], [`Gate::create`] or
//! [`Gate::run_once`]. There is no other way to a tenant's transaction, and the functions on tasks demand that very grant: a
//! handler that forgot to name its permission does not compile.

mod documented;

use std::marker::PhantomData;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use belfort_ids::SessionId;
use belfort_mail::Message;
use belfort_rbac::{Action, Grant, Offers};
use belfort_tenancy::postgres::TenantTx;
use belfort_workspace::Caller;
use futures_util::future::{Ready, ready};
use paperclip::v2::schema::Apiv2Schema;

use super::request_context::RequestContext;
use super::request_info::RequestInfo;
use crate::error::{ApiResult, Problem};
use crate::input::{Arrival, Body, Input, Received};
use crate::output::{Idempotent, Reply};

/// The error of an operation: a [`Problem`], or a [`Refused`](crate::error::Refused) that says which ones there are.
pub(crate) trait Failure: From<Problem> + Into<Problem> + Send + 'static {}
impl<F: From<Problem> + Into<Problem> + Send + 'static> Failure for F {}

/// A request that needs the permission to do `A` on `R`.
pub(crate) struct Gate<R, A> {
    info: RequestInfo,
    of: PhantomData<fn() -> (R, A)>,
}

/// A request that needs an authenticated caller and no permission: it is about themselves.
pub(crate) struct Authenticated(RequestInfo);

/// A request that needs a session: an API key neither manages sessions nor changes the password of who made it.
pub(crate) struct SessionOnly(RequestInfo);

/// A request in a workspace that anybody may make.
pub(crate) struct AnonymousInTenant(RequestInfo);

/// A request that needs no workspace.
pub(crate) struct Untenanted(RequestInfo);

impl<R: Offers<A>, A: Action> Gate<R, A> {
    /// Reads in a transaction of which nothing lasts.
    pub(crate) async fn read<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut RequestContext, &Grant<R, A>) -> ApiResult<T> + Send + 'static,
    ) -> ApiResult<T> {
        read(self.info, |ctx| permitted(ctx, work)).await
    }

    /// Reads what may take the database seconds of a core. Few of these are under way at once, in a queue of their own, so that
    /// whatever else is asked meanwhile is answered.
    pub(crate) async fn read_at_length<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut RequestContext, &Grant<R, A>) -> ApiResult<T> + Send + 'static,
    ) -> ApiResult<T> {
        let turn = self.info.app.long_read(self.info.share()).await?;
        read(self.info, |ctx| {
            let _turn = turn;
            permitted(ctx, work)
        })
        .await
    }

    /// Writes in a transaction that lasts exactly when `work` succeeds.
    pub(crate) async fn write<T: Send + 'static, F: Failure>(
        self,
        work: impl FnOnce(&mut RequestContext, &Grant<R, A>) -> Result<T, F> + Send + 'static,
    ) -> Result<T, F> {
        let work = |ctx: &mut RequestContext, grant: &Grant<R, A>| work(ctx, grant).map_err(Into::into);
        Ok(write(self.info, |ctx| permitted(ctx, work)).await?)
    }

    /// Receives a body. One that has to be waited for is waited for only when its sender has the permission.
    pub(crate) async fn receive<B>(&self, body: Body<B>) -> ApiResult<Received<B>> {
        match body.arrive().await {
            Arrival::Complete(body) => Ok(body),
            Arrival::Partial(body) => {
                self.reauthorize().read(|_, _| Ok(())).await?;
                body.receive(&self.info.app).await
            }
        }
    }

    /// Creates something from `body`. With an `Idempotency-Key` the same request acts once and gets the same response.
    pub(crate) async fn create<B: Input + 'static, P: Reply + 'static, F: Failure>(
        self,
        body: Body<B>,
        work: impl FnOnce(&mut RequestContext, &Grant<R, A>, B::Output) -> Result<P, F> + Send + 'static,
    ) -> Result<Idempotent<P>, F> {
        let body = self.receive(body).await?;
        let bytes = body.bytes();
        self.idempotently(bytes, move |ctx, grant| work(ctx, grant, body.parse()?)).await
    }

    /// Runs an action without a body. With an `Idempotency-Key` the same request acts once and gets the same response.
    pub(crate) async fn run_once<P: Reply + 'static, F: Failure>(
        self,
        work: impl FnOnce(&mut RequestContext, &Grant<R, A>) -> Result<P, F> + Send + 'static,
    ) -> Result<Idempotent<P>, F> {
        self.idempotently(Bytes::new(), work).await
    }

    /// Runs an action with this body once for each `Idempotency-Key`.
    pub(crate) async fn idempotently<P: Reply + 'static, F: Failure>(
        self,
        body: Bytes,
        work: impl FnOnce(&mut RequestContext, &Grant<R, A>) -> Result<P, F> + Send + 'static,
    ) -> Result<Idempotent<P>, F> {
        self.write(move |ctx, grant| {
            let request = ctx.info.digest(&[&body]);
            let stored =
                ctx.idempotently(request, |ctx| Idempotent::store(work(ctx, grant).map_err(Into::into)?))?;
            Ok(Idempotent::replay(stored))
        })
        .await
    }

    /// The request as it was received.
    pub(crate) fn info(&self) -> &RequestInfo {
        &self.info
    }

    /// The same gate for another transaction of the same request: each transaction authorizes anew.
    pub(crate) fn reauthorize(&self) -> Self {
        Self { info: self.info.clone(), of: PhantomData }
    }

    /// Undoes what earlier transactions of this request committed. The sender is not authenticated: they may have been deleted meanwhile.
    pub(crate) async fn compensate(
        self,
        work: impl FnOnce(&mut TenantTx) -> ApiResult<()> + Send + 'static,
    ) -> ApiResult<()> {
        let (app, share) = (Arc::clone(&self.info.app), self.info.share());
        app.database(share, move |_| {
            let mut tx = self.info.begin_tenant_tx()?;
            work(&mut tx)?;
            Ok(tx.commit()?)
        })
        .await
    }
}

impl Authenticated {
    /// Receives a body. One that has to be waited for is waited for only when its sender is known.
    pub(crate) async fn receive<B>(&self, body: Body<B>) -> ApiResult<Received<B>> {
        match body.arrive().await {
            Arrival::Complete(body) => Ok(body),
            Arrival::Partial(body) => {
                Self(self.0.clone()).read(|_| Ok(())).await?;
                body.receive(&self.0.app).await
            }
        }
    }

    /// Reads the caller's own data.
    pub(crate) async fn read<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut RequestContext) -> ApiResult<T> + Send + 'static,
    ) -> ApiResult<T> {
        read(self.0, |ctx| known(ctx, work)).await
    }

    /// Writes the caller's own data.
    pub(crate) async fn write<T: Send + 'static, F: Failure>(
        self,
        work: impl FnOnce(&mut RequestContext) -> Result<T, F> + Send + 'static,
    ) -> Result<T, F> {
        Ok(write(self.0, |ctx| known(ctx, |ctx| work(ctx).map_err(Into::into))).await?)
    }
}

impl SessionOnly {
    /// Receives a body. One that has to be waited for is waited for only when its sender has a session.
    pub(crate) async fn receive<B>(&self, body: Body<B>) -> ApiResult<Received<B>> {
        match body.arrive().await {
            Arrival::Complete(body) => Ok(body),
            Arrival::Partial(body) => {
                self.reauthorize().read(|_, _| Ok(())).await?;
                body.receive(&self.0.app).await
            }
        }
    }

    /// Reads the caller's own data, from this session.
    pub(crate) async fn read<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut RequestContext, SessionId) -> ApiResult<T> + Send + 'static,
    ) -> ApiResult<T> {
        read(self.0, |ctx| in_session(ctx, work)).await
    }

    /// Writes the caller's own data, from this session.
    pub(crate) async fn write<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut RequestContext, SessionId) -> ApiResult<T> + Send + 'static,
    ) -> ApiResult<T> {
        write(self.0, |ctx| in_session(ctx, work)).await
    }

    /// Hands the context itself over, for work that ends the transaction before it does something else. Nothing that is done in
    /// the transaction lasts.
    pub(crate) async fn take<T: Send + 'static>(
        self,
        work: impl FnOnce(RequestContext) -> ApiResult<T> + Send + 'static,
    ) -> ApiResult<T> {
        let (app, share) = (Arc::clone(&self.0.app), self.0.share());
        app.database(share, move |_| {
            let mut ctx = RequestContext::begin(self.0)?;
            in_session(&mut ctx, |_, _| Ok(()))?;
            work(ctx)
        })
        .await
    }

    /// [`Self::write`] on a thread that may block and has its turn already.
    pub(crate) fn write_now<T>(
        self,
        work: impl FnOnce(&mut RequestContext, SessionId) -> ApiResult<T>,
    ) -> ApiResult<T> {
        let app = Arc::clone(&self.0.app);
        let (answer, mail) = committed(self.0, |ctx| in_session(ctx, work))?;
        for message in mail {
            app.post(&message).map_err(Problem::after_commit)?;
        }
        Ok(answer)
    }

    /// The same gate for another transaction of the same request: each transaction authorizes anew.
    pub(crate) fn reauthorize(&self) -> Self {
        Self(self.0.clone())
    }

    /// The request as it was received.
    pub(crate) fn info(&self) -> &RequestInfo {
        &self.0
    }
}

impl AnonymousInTenant {
    /// The request, whose sender is not authenticated, and its body.
    pub(crate) async fn receive<B>(self, body: Body<B>) -> ApiResult<(RequestInfo, Received<B>)> {
        public(self.0, body).await
    }
}

impl Untenanted {
    /// The request, whose sender is not authenticated, and its body.
    pub(crate) async fn receive<B>(self, body: Body<B>) -> ApiResult<(RequestInfo, Received<B>)> {
        public(self.0, body).await
    }
}

/// A request of anybody, with its body.
async fn public<B>(info: RequestInfo, body: Body<B>) -> ApiResult<(RequestInfo, Received<B>)> {
    info.refuse_unknown_query()?;
    let body = body.receive_public(&info.app).await;
    Ok((info, body))
}

/// Runs `work` in a transaction that is rolled back.
async fn read<T: Send + 'static>(
    info: RequestInfo,
    work: impl FnOnce(&mut RequestContext) -> ApiResult<T> + Send + 'static,
) -> ApiResult<T> {
    let (app, share) = (Arc::clone(&info.app), info.share());
    app.database(share, move |_| work(&mut RequestContext::begin(info)?)).await
}

/// Runs `work` in a transaction that is committed exactly when it succeeds.
async fn write<T: Send + 'static>(
    info: RequestInfo,
    work: impl FnOnce(&mut RequestContext) -> ApiResult<T> + Send + 'static,
) -> ApiResult<T> {
    let (app, share) = (Arc::clone(&info.app), info.share());
    let (answer, mail) = app.database(share, move |_| committed(info, work)).await?;
    // Without the turn in the database: a relay that is slow keeps nobody else waiting.
    for message in mail {
        app.mail(message).await.map_err(Problem::after_commit)?;
    }
    Ok(answer)
}

fn committed<T>(
    info: RequestInfo,
    work: impl FnOnce(&mut RequestContext) -> ApiResult<T>,
) -> ApiResult<(T, Vec<Message>)> {
    let mut ctx = RequestContext::begin(info)?;
    let answer = work(&mut ctx)?;
    Ok((answer, ctx.commit()?))
}

fn permitted<R: Offers<A>, A: Action, T>(
    ctx: &mut RequestContext,
    work: impl FnOnce(&mut RequestContext, &Grant<R, A>) -> ApiResult<T>,
) -> ApiResult<T> {
    let grant = ctx.grant()?;
    ctx.info.refuse_unknown_query()?;
    work(ctx, &grant)
}

fn known<T>(
    ctx: &mut RequestContext,
    work: impl FnOnce(&mut RequestContext) -> ApiResult<T>,
) -> ApiResult<T> {
    ctx.info.refuse_unknown_query()?;
    work(ctx)
}

fn in_session<T>(
    ctx: &mut RequestContext,
    work: impl FnOnce(&mut RequestContext, SessionId) -> ApiResult<T>,
) -> ApiResult<T> {
    let session = session_of(&ctx.caller)?;
    ctx.info.refuse_unknown_query()?;
    work(ctx, session)
}

fn session_of(caller: &Caller) -> ApiResult<SessionId> {
    caller.session().ok_or_else(Problem::session_required)
}

macro_rules! from_request {
    ($([$($generics:tt)*] $gate:ty, |$info:ident| $make:expr;)*) => {$(
        impl<$($generics)*> FromRequest for $gate {
            type Error = Problem;
            type Future = Ready<ApiResult<Self>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                ready(RequestInfo::of(request).map(|$info| $make))
            }
        }

        impl<$($generics)*> Apiv2Schema for $gate {}
    )*};
}

from_request! {
    [R: 'static, A: 'static] Gate<R, A>, |info| Self { info, of: PhantomData };
    [] Authenticated, |info| Self(info);
    [] SessionOnly, |info| Self(info);
    [] AnonymousInTenant, |info| Self(info);
    [] Untenanted, |info| Self(info);
}

#[cfg(test)]
mod tests;
