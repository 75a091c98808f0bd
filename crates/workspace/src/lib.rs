//! Who is in a workspace: sign-up, sessions, people, invitations, roles and teams.
