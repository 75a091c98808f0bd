//! Names that people give: to themselves, their workspace, their teams and roles.

use belfort_values::bounded_text;

bounded_text! {
    /// The name of a person, in one field: how names are made up of parts differs too much to ask for them.
    pub struct FullName: Line, 1..=200;
    /// The name of a workspace. It stands in the letter of an invitation, which goes to whomever its sender names: an address in
    /// it would lead strangers somewhere in the operator's name.
    pub struct WorkspaceName: MailedLine, 1..=200;
    /// The name of a team.
    pub struct TeamName: Line, 1..=100;
    /// The name of a role.
    pub struct RoleName: Line, 1..=50;
}

#[cfg(test)]
mod tests {
    use belfort_values::TextError;

    use super::*;

    #[test]
    fn what_is_no_name_says_why() {
        let check = |text: &str, error| assert_eq!(TeamName::parse(text), Err(error), "{text:?}");
        check("", TextError::Empty);
        check(" \t\n\u{a0}", TextError::Empty);
        check("a\nb", TextError::Forbidden);
        check("a\0", TextError::Forbidden);
        check(&"é".repeat(101), TextError::TooLong { max: 100 });
        assert_eq!(WorkspaceName::parse("See evil.example/pay"), Err(TextError::Address));
        assert!(TeamName::parse(&"é".repeat(100)).is_ok());
        assert!(FullName::parse(&"é".repeat(200)).is_ok());
    }
}
