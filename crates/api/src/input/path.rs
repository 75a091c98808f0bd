//! Ids in the path.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use belfort_openapi as openapi;
use futures_util::future::{Ready, ready};
use paperclip::actix::OperationModifier;
use paperclip::v2::models::DefaultOperationRaw;
use paperclip::v2::schema::Apiv2Schema;

use super::Field;
use crate::error::{ApiResult, Problem};

/// One id or several.
pub(crate) trait PathIds: Sized {
    fn read(ids: &mut dyn Iterator<Item = &str>) -> Option<Self>;
    fn count() -> usize;
}

impl<A: Field> PathIds for (A,) {
    fn read(ids: &mut dyn Iterator<Item = &str>) -> Option<Self> {
        Some((A::read_text(ids.next()?).ok()?,))
    }
    fn count() -> usize {
        1
    }
}

impl<A: Field, B: Field> PathIds for (A, B) {
    fn read(ids: &mut dyn Iterator<Item = &str>) -> Option<Self> {
        Some((A::read_text(ids.next()?).ok()?, B::read_text(ids.next()?).ok()?))
    }
    fn count() -> usize {
        2
    }
}

/// The ids in the path, or nothing where one of them is no id. What is no id is no row's id: the handler answers 404 after the
/// gate, as for any other row that is not there.
pub(crate) struct Path<T>(Option<T>);

impl<T> Path<T> {
    /// The ids.
    pub(crate) fn ids(self) -> ApiResult<T> {
        self.0.ok_or_else(Problem::not_found)
    }
}

impl<T: PathIds + 'static> FromRequest for Path<T> {
    type Error = Problem;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(T::read(&mut request.match_info().iter().map(|(_, id)| id)))))
    }
}

impl<T> Apiv2Schema for Path<T> {}
impl<T: PathIds> OperationModifier for Path<T> {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        let id =
            || openapi::literal(None, serde_json::json!({ "type": "string", "format": "uuid" }), Vec::new());
        openapi::path_parameters(op, (0..T::count()).map(|_| id()).collect());
        openapi::problems(op, &[404]);
    }
}
