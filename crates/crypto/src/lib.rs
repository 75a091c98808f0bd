//! Fernet tokens under keys derived for each tenant and column, from a keyring outside the database.
