//! Who changed what: field-level events, appended in the transaction of the change.
