//! The domain: tasks, comments and tags, with their reach and their audit.
