//! Resource, action and scope: grants that a query demands, and the last-admin guard
