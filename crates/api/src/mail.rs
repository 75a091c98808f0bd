//! What is sent by mail. No link is made from a `Host` header: whoever sends the request chooses that.

use belfort_auth::{Code, Email, InvitationToken};
use belfort_ids::SignupId;
use belfort_mail::Message;

use crate::error::{ApiResult, Problem};

/// The code that confirms a sign-up.
pub(crate) fn signup_code(to: &Email, id: SignupId, code: &Code) -> ApiResult<Message> {
    let text = format!(
        "Welcome.\n\nYour code is {}\n\nIt confirms the sign-up {id} and is good for 15 minutes. If you did not sign up, do \
         nothing: without the code nothing happens.\n",
        code.reveal()
    );
    message(to, "Your code for a new workspace", text)
}

/// The token that lets somebody join.
pub(crate) fn invitation(to: &str, workspace: &str, token: &InvitationToken) -> ApiResult<Message> {
    let to = Email::parse(to).map_err(Problem::internal)?;
    let text = format!(
        "You are invited to join {workspace}.\n\nYour token is {}\n\nIt is good for seven days and for one account. If you \
         did not expect this, do nothing.\n",
        token.reveal()
    );
    message(&to, "You are invited", text)
}

fn message(to: &Email, subject: &str, text: String) -> ApiResult<Message> {
    Message::parse(to.as_str(), subject, text).map_err(Problem::internal)
}
