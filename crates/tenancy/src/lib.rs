//! One Postgres schema and one database role a tenant; connections that cannot be had unbound
