//! Lists: a filter, a page of what it lets through, and the cursor to the next one.

use std::marker::PhantomData;
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use belfort_openapi as openapi;
use belfort_tenancy::postgres::TenantTx;
use futures_util::future::{Ready, ready};
use paperclip::actix::OperationModifier;
use paperclip::v2::models::DefaultOperationRaw;
use paperclip::v2::schema::Apiv2Schema;

use super::cursor::{Cursor, Limit, List};
use crate::context::RequestContext;
use crate::error::{ApiResult, Problem};
use crate::input::query_fields;
use crate::input::{Fields, Input, input};
use crate::output::{Page, Plain};

/// A query string that asks for a page of a list, of which `F` says what is wanted.
pub(crate) struct Listing<F> {
    text: String,
    of: PhantomData<F>,
}

input! {
    /// Which page of a list.
    pub(crate) struct Window {
        /// How many at most.
        limit: Option<Limit>,
        /// Where the page begins: the `next_cursor` of the one before.
        cursor: Option<Cursor>,
    }
}

/// A list without a filter.
#[derive(Debug)]
pub(crate) struct All;

impl Input for All {
    fn read(_: &mut Fields) -> Option<Self> {
        Some(Self)
    }
}

impl Apiv2Schema for All {}

impl<F: Input> Listing<F> {
    /// The page, of the rows that `read` finds: from after the position, one more than the page has. `position` is the place of
    /// a row in the list.
    pub(crate) fn page<P: FromStr + ToString, R, V: From<R>>(
        &self,
        ctx: &mut RequestContext,
        read: impl FnOnce(&mut TenantTx, F, Option<P>, i64) -> ApiResult<Vec<R>>,
        position: impl Fn(&R) -> P,
    ) -> ApiResult<Plain<Page<V>>> {
        let mut fields = query_fields(&self.text)?;
        let (filter, window) = (F::read(&mut fields), Window::read(&mut fields));
        let (filter, window) = fields.finish(filter.zip(window))?;
        let list = List::of(ctx, &self.filter());
        let after = list.position(window.cursor)?;
        let limit = window.limit.unwrap_or_default();
        let rows = read(&mut ctx.tx, filter, after, limit.and_one())?;
        Ok(Plain(list.page(limit, rows, |row| position(row).to_string())))
    }

    /// Everything in it that says which rows are wanted, in one order: not how many, nor from where on.
    fn filter(&self) -> String {
        let page = |pair: &&str| !pair.starts_with("cursor=") && !pair.starts_with("limit=");
        let mut pairs: Vec<&str> =
            self.text.split('&').filter(|pair| !pair.is_empty()).filter(page).collect();
        pairs.sort_unstable();
        pairs.join("&")
    }
}

impl<F: 'static> FromRequest for Listing<F> {
    type Error = Problem;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self { text: request.query_string().to_owned(), of: PhantomData }))
    }
}

impl<F> Apiv2Schema for Listing<F> {}
impl<F: Apiv2Schema> OperationModifier for Listing<F> {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        openapi::query_parameters(op, F::raw_schema());
        openapi::query_parameters(op, Window::raw_schema());
        openapi::problems(op, &[400, 422]);
    }
}
