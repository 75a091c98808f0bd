//! The gates in the published document: what each demands, and what it answers to who does not have it.

use belfort_openapi as openapi;
use belfort_rbac::{Action, Offers};
use paperclip::actix::OperationModifier;
use paperclip::v2::models::DefaultOperationRaw;

use super::{AnonymousInTenant, Authenticated, Gate, SessionOnly, Untenanted};

impl<R: Offers<A>, A: Action> OperationModifier for Gate<R, A> {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        openapi::permission(op, R::NAME, A::NAME);
        in_workspace(op);
        openapi::problems(op, &[401, 403, 404, 422, 503]);
    }
}

impl OperationModifier for Authenticated {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        openapi::secured(op);
        in_workspace(op);
        openapi::problems(op, &[401, 403, 404, 422, 503]);
    }
}

impl OperationModifier for SessionOnly {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        Authenticated::update_parameter(op);
    }
}

impl OperationModifier for AnonymousInTenant {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        openapi::public(op);
        in_workspace(op);
        openapi::problems(op, &[403, 404, 422, 503]);
    }
}

impl OperationModifier for Untenanted {
    fn update_parameter(op: &mut DefaultOperationRaw) {
        openapi::public(op);
        openapi::problems(op, &[422, 503]);
    }
}

fn in_workspace(op: &mut DefaultOperationRaw) {
    let description = "The slug of the workspace, for requests to the base domain. On other hosts the host name selects it.";
    openapi::header_parameter(op, "X-Workspace", description, false);
}
