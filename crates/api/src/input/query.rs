//! Query strings.

use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use belfort_openapi as openapi;
use futures_util::future::{Ready, ready};
use paperclip::actix::OperationModifier;
use paperclip::v2::models::DefaultOperationRaw;
use paperclip::v2::schema::Apiv2Schema;

use super::{Fields, Input};
use crate::error::{ApiResult, Problem};

/// A query string that will be read as `T`.
pub(crate) struct Query<T> {
    text: String,
    of: PhantomData<T>,
}

impl<T: Input> Query<T> {
    /// The object in it.
    pub(crate) fn parse(&self) -> ApiResult<T::Output> {
        let mut fields = Fields::Query(pairs(&self.text), Vec::new());
        let object = T::read(&mut fields);
        fields.finish(object)
    }
}

/// The parameters in a query string, decoded, in the order in which they were sent. Bytes that are no UTF-8 become replacement
/// characters, which no name and no value of ours contains: what reads them refuses them.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

impl<T: 'static> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self { text: request.query_string().to_owned(), of: PhantomData }))
    }
}

impl<T> Apiv2Schema for Query<T> {}
impl<T: Input> OperationModifier for Query<T> {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        T::document_query(op);
        openapi::problems(op, &[400, 422]);
    }
}
