//! Pages of filtered lists.

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
use crate::input::pairs;
use crate::input::{Fields, Input, input};
use crate::output::{Json, Page};

/// The query string of a list: the filter `F` and the page.
pub(crate) struct ListQuery<F> {
    text: String,
    of: PhantomData<F>,
}

input! {
    /// The page of a list to return.
    pub(crate) struct PageParams {
        /// The maximum number of items on the page.
        limit: Option<Limit>,
        /// The start of the page: the `next_cursor` of the previous page. The first page is without.
        cursor: Option<Cursor>,
    }
}

/// A list without a filter.
#[derive(Debug)]
pub(crate) struct NoFilter;

impl Input for NoFilter {
    type Output = Self;
    fn read(_: &mut Fields) -> Option<Self> {
        Some(Self)
    }
    fn document_query(_: &mut DefaultOperationRaw) {}
}

impl Apiv2Schema for NoFilter {}

impl<F: Input> ListQuery<F> {
    /// The page, of the rows that `read` finds: from after the position, one more than the page has. `position` is the place of
    /// a row in the list.
    pub(crate) fn page<P: FromStr + ToString, R, V: From<R>>(
        &self,
        ctx: &mut RequestContext,
        read: impl FnOnce(&mut TenantTx, F::Output, Option<P>, i64) -> ApiResult<Vec<R>>,
        position: impl Fn(&R) -> P,
    ) -> ApiResult<Json<Page<V>>> {
        let pairs = pairs(&self.text);
        let list = filter_of(&pairs);
        let mut fields = Fields::Query(pairs, Vec::new());
        let (filter, window) = (F::read(&mut fields), PageParams::read(&mut fields));
        let (filter, window) = fields.finish(filter.zip(window))?;
        let list = List::of(ctx, &list);
        let after = list.position(window.cursor)?;
        let limit = window.limit.unwrap_or_default();
        let rows = read(&mut ctx.tx, filter, after, limit.and_one())?;
        Ok(Json(list.page(limit, rows, |row| position(row).to_string())))
    }
}

/// The filter of a query string in canonical form: every parameter but the limit and the cursor, sorted.
fn filter_of(pairs: &[(String, String)]) -> String {
    let mut filter: Vec<_> = pairs.iter().filter(|(name, _)| name != "cursor" && name != "limit").collect();
    filter.sort_unstable();
    serde_json::json!(filter).to_string()
}

impl<F: 'static> FromRequest for ListQuery<F> {
    type Error = Problem;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self { text: request.query_string().to_owned(), of: PhantomData }))
    }
}

impl<F> Apiv2Schema for ListQuery<F> {}
impl<F: Input> OperationModifier for ListQuery<F> {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        F::document_query(op);
        PageParams::document_query(op);
        openapi::problems(op, &[400, 422]);
    }
}
