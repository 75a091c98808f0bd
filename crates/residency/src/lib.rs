//! Regions, the Brussels clock and euro amounts: values every other crate may speak
