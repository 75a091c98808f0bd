//! Ids in the path.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use belfort_openapi as openapi;
use futures_util::future::{Ready, ready};
use paperclip::actix::OperationModifier;
use paperclip::v2::models::{DefaultOperationRaw, DefaultSchemaRaw};
use paperclip::v2::schema::Apiv2Schema;

use super::Field;
use crate::error::{ApiResult, Problem};

/// One id or several.
pub(crate) trait PathIds: Sized {
    fn read(ids: &mut dyn Iterator<Item = &str>) -> Option<Self>;
    /// The documentation of each, in the order of the path.
    fn schemas() -> Vec<DefaultSchemaRaw>;
}

/// An id of one kind of resource.
pub(crate) trait PathId: Field<Value = Self> {
    /// The kind of resource, in words.
    const OF: &str;
}

macro_rules! path_ids {
    ($($id:ident: $of:literal,)*) => {
        $(impl PathId for belfort_ids::$id {
            const OF: &str = $of;
        })*
    };
}
path_ids!(
    UserId: "user",
    RoleId: "role",
    TeamId: "team",
    TaskId: "task",
    TagId: "tag",
    CommentId: "comment",
    TimeEntryId: "time entry",
    AttachmentId: "attachment",
    SessionId: "session",
    SignupId: "sign-up",
    InvitationId: "invitation",
);

fn schema<I: PathId>() -> DefaultSchemaRaw {
    let description = Some(format!("The ID of the {}.", I::OF));
    DefaultSchemaRaw { description, ..openapi::literal(None, I::schema(), Vec::new()) }
}

impl<A: PathId> PathIds for (A,) {
    fn read(ids: &mut dyn Iterator<Item = &str>) -> Option<Self> {
        Some((A::read_text(ids.next()?).ok()?,))
    }
    fn schemas() -> Vec<DefaultSchemaRaw> {
        vec![schema::<A>()]
    }
}

impl<A: PathId, B: PathId> PathIds for (A, B) {
    fn read(ids: &mut dyn Iterator<Item = &str>) -> Option<Self> {
        Some((A::read_text(ids.next()?).ok()?, B::read_text(ids.next()?).ok()?))
    }
    fn schemas() -> Vec<DefaultSchemaRaw> {
        vec![schema::<A>(), schema::<B>()]
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
        openapi::path_parameters(op, T::schemas());
        openapi::problems(op, &[404]);
    }
}
