//! Adding and removing one person or tag of a task.

use belfort_audit::Origin;
use belfort_db::Tenant;
use belfort_ids::{TagId, TaskId, UserId};
use belfort_policy::Tasks;
use belfort_rbac::{Grant, Update};

use super::read::{LockFor, lock};
use super::relations::lock_shared;
use super::{Task, TaskError, TaskPatch, update};

/// Somebody or something that a task can be linked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// A user to whom it is assigned.
    Assignee(UserId),
    /// A user who may read it.
    Viewer(UserId),
    /// A tag. It needs only exist: tags are for everybody's tasks, and whoever reads a task may know what it is tagged with.
    /// An id is learned from a tag or a task in reach, not guessed.
    Tag(TagId),
}

/// Links a task with somebody or something. The second time nothing happens.
pub fn link(
    tx: &mut impl Tenant,
    grant: &Grant<Tasks, Update>,
    origin: &Origin,
    id: TaskId,
    link: Link,
) -> Result<Task, TaskError> {
    if let Link::Assignee(user) | Link::Viewer(user) = link {
        lock_shared(tx, &[user])?;
    }
    relink(tx, grant, origin, id, |task| link.added_to(task))
}

/// Takes a link off a task. The second time nothing happens.
pub fn unlink(
    tx: &mut impl Tenant,
    grant: &Grant<Tasks, Update>,
    origin: &Origin,
    id: TaskId,
    link: Link,
) -> Result<Task, TaskError> {
    relink(tx, grant, origin, id, |task| link.removed_from(task))
}

/// Applies a patch made of what the lists are under the lock: of two links added at once, none is lost.
fn relink(
    tx: &mut impl Tenant,
    grant: &Grant<Tasks, Update>,
    origin: &Origin,
    id: TaskId,
    patch: impl FnOnce(&Task) -> TaskPatch,
) -> Result<Task, TaskError> {
    let before = lock(tx, grant.reach(), id, LockFor::Change)?;
    let after = patch(&before).applied_to(&before)?;
    update::save(tx, origin, before, after)
}

impl Link {
    fn added_to(self, task: &Task) -> TaskPatch {
        let none = TaskPatch::default();
        match self {
            Self::Assignee(id) => TaskPatch { assignee_ids: Some(with(&task.assignee_ids, id)), ..none },
            Self::Viewer(id) => TaskPatch { viewer_ids: Some(with(&task.viewer_ids, id)), ..none },
            Self::Tag(id) => TaskPatch { tag_ids: Some(with(&task.tag_ids, id)), ..none },
        }
    }

    fn removed_from(self, task: &Task) -> TaskPatch {
        let none = TaskPatch::default();
        match self {
            Self::Assignee(id) => TaskPatch { assignee_ids: Some(without(&task.assignee_ids, id)), ..none },
            Self::Viewer(id) => TaskPatch { viewer_ids: Some(without(&task.viewer_ids, id)), ..none },
            Self::Tag(id) => TaskPatch { tag_ids: Some(without(&task.tag_ids, id)), ..none },
        }
    }
}

fn with<Id: Copy>(ids: &[Id], id: Id) -> Vec<Id> {
    ids.iter().copied().chain([id]).collect()
}

fn without<Id: Copy + PartialEq>(ids: &[Id], id: Id) -> Vec<Id> {
    ids.iter().copied().filter(|other| *other != id).collect()
}
