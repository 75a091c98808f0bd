//! Belfort's resources and built-in roles: the vocabulary that rbac, the mechanism, does not know.
