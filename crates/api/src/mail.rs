//! The texts of emails. No link is made from a `Host` header: whoever sends the request chooses that.

use belfort_auth::{Code, Email, InvitationToken};
use belfort_ids::SignupId;
use belfort_mail::Message;

use crate::error::{ApiResult, Problem};

/// The message with the code that confirms a sign-up.
pub(crate) fn signup_code(to: &Email, id: SignupId, code: &Code) -> ApiResult<Message> {
    let text = format!(
        "Welcome to Belfort.\n\n\
         Your code is {}\n\n\
         Enter it to confirm your sign-up ({id}). It is valid for 15 minutes.\n\n\
         If you did not sign up, ignore this message: nothing is created without the code.\n",
        code.reveal()
    );
    message(to, "Confirm your sign-up", text)
}

/// The message with the token of an invitation.
pub(crate) fn invitation(to: &str, workspace: &str, token: &InvitationToken) -> ApiResult<Message> {
    let to = Email::parse(to).map_err(Problem::internal)?;
    let text = format!(
        "You have been invited to join the workspace {workspace}.\n\n\
         Your token is {}\n\n\
         Use it to create your account. It is valid for seven days and can be used once.\n\n\
         If you did not expect this invitation, ignore this message.\n",
        token.reveal()
    );
    message(&to, "You have been invited to a workspace", text)
}

fn message(to: &Email, subject: &str, text: String) -> ApiResult<Message> {
    Message::parse(to.as_str(), subject, text).map_err(Problem::internal)
}
