//! The texts of emails. No link is made from a `Host` header: whoever sends the request chooses that.

use belfort_auth::{Code, Email, InvitationToken};
use belfort_ids::SignupId;
use belfort_mail::Message;
use belfort_tenancy::Tenant;
use belfort_workspace::WorkspaceName;

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
pub(crate) fn invitation(to: &str, workspace: &Tenant, token: &InvitationToken) -> ApiResult<Message> {
    let to = Email::parse(to).map_err(Problem::internal)?;
    let workspace = name_of(workspace);
    let text = format!(
        "You have been invited to join the workspace {workspace}. Whoever runs the workspace chose that name.\n\n\
         Your token is {}\n\n\
         Use it to create your account. It is valid for seven days and can be used once.\n\n\
         If you did not expect this invitation, ignore this message.\n",
        token.reveal()
    );
    message(&to, "You have been invited to a workspace", text)
}

/// The message to an address that was a user's until now.
pub(crate) fn email_changed(to: &Email, workspace: &Tenant) -> ApiResult<Message> {
    let workspace = name_of(workspace);
    let text = format!(
        "The email address of your account in the workspace {workspace} was changed. You can no longer log in with this \
         address.\n\n\
         If you did not expect this, ask an admin of the workspace.\n"
    );
    message(to, "The email address of your account was changed", text)
}

/// The name of a workspace, told from what is the product's own. It has no quotation mark that would seem to end it.
///
/// One that is older than the rules for names stays where it is, and is not mailed: the slug stands for it.
fn name_of(workspace: &Tenant) -> String {
    const MARKS: [char; 10] = ['"', '“', '”', '„', '‟', '«', '»', '＂', '〝', '〞'];
    let name = WorkspaceName::parse(&workspace.name);
    let name = name.as_ref().map_or(workspace.slug.as_str(), WorkspaceName::as_str);
    format!("“{}”", name.replace(MARKS, "'"))
}

fn message(to: &Email, subject: &str, text: String) -> ApiResult<Message> {
    Message::parse(to.as_str(), subject, text).map_err(Problem::internal)
}

#[cfg(test)]
mod tests {
    use belfort_ids::TenantId;
    use belfort_tenancy::{Plan, Slug, TenantStatus};
    use chrono::DateTime;

    use super::*;

    #[test]
    fn the_name_of_a_workspace_is_quoted_and_neither_ends_its_quotation_nor_leads_anywhere() {
        for (name, shown) in
            [("Us”. Pay \"now\"", "“Us'. Pay 'now'”"), ("Pay at https://evil.example", "“bakkerij”")]
        {
            let created_at = DateTime::UNIX_EPOCH;
            let workspace = Tenant {
                id: TenantId::new(created_at),
                slug: Slug::parse("bakkerij").unwrap(),
                name: name.into(),
                plan: Plan::Free,
                status: TenantStatus::Active,
                lane: 1,
                created_at,
            };
            let message = invitation("ida@x.example", &workspace, &InvitationToken::generate()).unwrap();
            assert!(
                message.text().contains(&format!("the workspace {shown}. Whoever")),
                "{}",
                message.text()
            );
        }
    }
}
