//! Comments: where their task is, and there their author's.

use belfort_ids::{CommentId, TaskId, UserId};
use belfort_policy::{BuiltIn, VOCABULARY};
use belfort_rbac::{Permissions, Principal};
use belfort_testkit::now;
use belfort_work::CommentBody;
use belfort_work::comments::{
    Comment, CommentError, CommentPatch, NewComment, create, delete, get, history, list, update,
};
use belfort_work::tasks::{self, NewTask, Task};
use serde_json::json;

use crate::support::{Person, Workspace, titled};

fn body(text: &str) -> CommentBody {
    CommentBody::parse(text).unwrap()
}

fn says(text: &str) -> CommentPatch {
    CommentPatch { body: Some(body(text)) }
}

impl Workspace {
    pub(crate) fn comment(&self, by: &Person, task: TaskId, text: &str) -> Result<Comment, CommentError> {
        self.run(|tx| create(tx, &by.may(), &by.may(), &by.origin(), task, NewComment { body: body(text) }))
    }

    fn comments(&self, by: &Person, task: TaskId) -> Result<Vec<CommentId>, CommentError> {
        let page = self.run(|tx| list(tx, &by.may(), &by.may(), task, None, 100))?;
        Ok(page.into_iter().map(|comment| comment.id).collect())
    }

    fn edit(&self, by: &Person, id: CommentId, patch: CommentPatch) -> Result<Comment, CommentError> {
        self.run(|tx| update(tx, &by.may(), &by.may(), &by.origin(), id, None, patch))
    }

    fn erase(&self, by: &Person, id: CommentId) -> Result<(), CommentError> {
        self.run(|tx| delete(tx, &by.may(), &by.may(), &by.origin(), id, None))
    }
}

#[test]
fn every_change_of_a_comment_is_told_and_no_other() {
    let workspace = Workspace::new();
    let author = workspace.person(BuiltIn::Member);
    let task = workspace.task(&author, titled("Talk")).id;
    let mark = workspace.mark();
    let comment = workspace.comment(&author, task, "first").unwrap();
    assert_eq!(
        workspace
            .run(|tx| get(tx, &author.may(), &author.may(), comment.id)?.ok_or(CommentError::NotFound))
            .unwrap(),
        comment
    );
    for same in [CommentPatch::default(), says("first")] {
        assert_eq!(workspace.edit(&author, comment.id, same).unwrap(), comment);
    }
    let edited = workspace.edit(&author, comment.id, says("second")).unwrap();
    assert_eq!((edited.version, edited.body.as_str()), (2, "second"));
    assert_eq!(
        workspace
            .run(|tx| get(tx, &author.may(), &author.may(), comment.id)?.ok_or(CommentError::NotFound))
            .unwrap(),
        edited
    );
    workspace.erase(&author, comment.id).unwrap();
    assert!(matches!(workspace.erase(&author, comment.id), Err(CommentError::NotFound)));
    let (task, by) = (json!(task), json!(author.id()));
    assert_eq!(
        workspace.told_since(mark),
        json!([
            [
                "comments",
                "create",
                [["task_id", null, task], ["author_id", null, by], ["body", null, "first"]]
            ],
            ["comments", "update", [["body", "first", "second"]]],
            [
                "comments",
                "delete",
                [["task_id", task, null], ["author_id", by, null], ["body", "second", null]]
            ],
        ])
    );
}

#[test]
fn a_version_that_is_not_the_comments_any_more_is_stale() {
    let workspace = Workspace::new();
    let author = workspace.person(BuiltIn::Member);
    let task = workspace.task(&author, titled("Talk")).id;
    let id = workspace.comment(&author, task, "first").unwrap().id;
    let (may, origin) = (&author, author.origin());
    workspace.edit(&author, id, says("second")).unwrap();
    let edited = workspace.run(|tx| update(tx, &may.may(), &may.may(), &origin, id, Some(1), says("third")));
    assert!(matches!(edited, Err(CommentError::Stale)));
    let erased = workspace.run(|tx| delete(tx, &may.may(), &may.may(), &origin, id, Some(1)));
    assert!(matches!(erased, Err(CommentError::Stale)));
    workspace.run(|tx| delete(tx, &may.may(), &may.may(), &origin, id, Some(2))).unwrap();
}

#[test]
fn a_deleted_task_takes_its_comments_and_tells_of_each() {
    let workspace = Workspace::new();
    let author = workspace.person(BuiltIn::Member);
    let [task, other] = ["Talk", "Other"].map(|title| workspace.task(&author, titled(title)).id);
    let [one, two] = ["one", "two"].map(|text| workspace.comment(&author, task, text).unwrap().id);
    let kept = workspace.comment(&author, other, "kept").unwrap().id;
    let mark = workspace.mark();
    workspace.run(|tx| tasks::delete(tx, &author.may(), &author.origin(), task, None)).unwrap();
    let told = workspace.told_since(mark);
    let told: Vec<_> = told.as_array().unwrap().iter().map(|e| (&e[0], &e[1], &e[2][2][1])).collect();
    let [tasks, comments, delete] = [json!("tasks"), json!("comments"), json!("delete")];
    assert_eq!((told[0].0, told[0].1), (&tasks, &delete));
    assert_eq!(told[1..], [(&comments, &delete, &json!("one")), (&comments, &delete, &json!("two"))]);
    for id in [one, two] {
        let read =
            workspace.run(|tx| get(tx, &author.may(), &author.may(), id)?.ok_or(CommentError::NotFound));
        assert!(matches!(read, Err(CommentError::NotFound)));
    }
    assert_eq!(workspace.comments(&author, other).unwrap(), [kept]);
    assert!(matches!(workspace.comments(&author, task), Err(CommentError::NotFound)));
}

#[test]
fn a_guest_reads_and_writes_comments_where_they_are_a_viewer_and_changes_none() {
    let workspace = Workspace::new();
    let (admin, guest) = (workspace.person(BuiltIn::Admin), workspace.person(BuiltIn::Guest));
    let shown = workspace.task(&admin, NewTask { viewer_ids: vec![guest.id()], ..titled("Shown") }).id;
    let hidden = workspace.task(&admin, titled("Hidden")).id;
    let theirs = workspace.comment(&admin, shown, "look").unwrap().id;
    let secret = workspace.comment(&admin, hidden, "secret").unwrap().id;
    let own = workspace.comment(&guest, shown, "seen").unwrap().id;
    assert_eq!(workspace.comments(&guest, shown).unwrap(), [theirs, own]);
    assert!(matches!(workspace.comments(&guest, hidden), Err(CommentError::NotFound)));
    assert!(matches!(workspace.comment(&guest, hidden, "hello"), Err(CommentError::NotFound)));
    assert!(matches!(workspace.comment(&guest, TaskId::new(now()), "hello"), Err(CommentError::NotFound)));
    let read = workspace.run(|tx| get(tx, &guest.may(), &guest.may(), secret)?.ok_or(CommentError::NotFound));
    assert!(matches!(read, Err(CommentError::NotFound)));
    let viewer = guest.in_role(BuiltIn::Member, &[]);
    assert!(matches!(workspace.edit(&viewer, theirs, says("mine")), Err(CommentError::NotFound)));
    assert!(matches!(workspace.erase(&viewer, theirs), Err(CommentError::NotFound)));
    workspace.edit(&viewer, own, says("seen twice")).unwrap();
}

#[test]
fn who_loses_the_task_loses_their_own_comments_on_it() {
    let workspace = Workspace::new();
    let (admin, member) = (workspace.person(BuiltIn::Admin), workspace.person(BuiltIn::Member));
    let task = workspace.task(&admin, NewTask { viewer_ids: vec![member.id()], ..titled("Shown") });
    let own = workspace.comment(&member, task.id, "mine").unwrap().id;
    let unseen = tasks::TaskPatch { viewer_ids: Some(vec![]), ..Default::default() };
    workspace.update(&admin, &task, unseen).unwrap();
    let read = workspace.run(|tx| get(tx, &member.may(), &member.may(), own)?.ok_or(CommentError::NotFound));
    assert!(matches!(read, Err(CommentError::NotFound)));
    let told = workspace.run(|tx| history(tx, &member.may(), &member.may(), own, None, 10));
    assert!(matches!(told, Err(CommentError::NotFound)));
    assert!(matches!(workspace.edit(&member, own, says("still mine")), Err(CommentError::NotFound)));
    assert!(matches!(workspace.erase(&member, own), Err(CommentError::NotFound)));
}

/// Somebody whose roles see all tasks and, of the comments, their team's.
fn sees_all_tasks(user: UserId, mates: &[UserId], scope: &str) -> Person {
    let words = ["read", "update", "delete", "create"].map(|action| ("comments", action, scope));
    let words = words.into_iter().chain([("tasks", "read", "all")]);
    let permissions = Permissions::parse(&VOCABULARY, words).unwrap();
    Person(Principal::new(user, permissions, mates.iter().copied()))
}

#[test]
fn what_is_listed_can_be_got_and_is_what_the_scope_says() {
    let workspace = Workspace::new();
    let authors: Vec<Person> = (0..4).map(|_| workspace.person(BuiltIn::Admin)).collect();
    let viewer = authors[3].id();
    let open: Task = workspace.task(&authors[0], titled("Open"));
    let shown = workspace.task(&authors[0], NewTask { viewer_ids: vec![viewer], ..titled("Viewed") });
    for task in [&open, &shown] {
        for author in authors.iter().chain(&authors) {
            workspace.comment(author, task.id, "a word").unwrap();
        }
    }
    let mates = [authors[2].id()];
    for (scope, expected_open) in [("own", 2), ("team", 4), ("all", 8)] {
        let person = sees_all_tasks(viewer, &mates, scope);
        let everybody = sees_all_tasks(viewer, &mates, "all");
        for (task, expected) in [(&open, expected_open), (&shown, 8)] {
            let listed = workspace.comments(&person, task.id).unwrap();
            assert_eq!(listed.len(), expected, "{scope} on {}", task.title.as_str());
            let mut changeable = 0;
            for id in workspace.comments(&everybody, task.id).unwrap() {
                let got = workspace
                    .run(|tx| get(tx, &person.may(), &person.may(), id)?.ok_or(CommentError::NotFound));
                assert_eq!(got.is_ok(), listed.contains(&id));
                let told = workspace.run(|tx| history(tx, &person.may(), &person.may(), id, None, 1));
                assert_eq!(told.is_ok(), listed.contains(&id));
                changeable += usize::from(workspace.edit(&person, id, CommentPatch::default()).is_ok());
            }
            assert_eq!(changeable, expected_open, "a viewer only reads");
        }
    }
}

#[test]
fn pages_of_comments_follow_each_other() {
    let workspace = Workspace::new();
    let author = workspace.person(BuiltIn::Member);
    let task = workspace.task(&author, titled("Talk")).id;
    let ids: Vec<_> = (0..5).map(|n| workspace.comment(&author, task, &n.to_string()).unwrap().id).collect();
    let page = |after| -> Vec<CommentId> {
        let page = workspace.run(|tx| list(tx, &author.may(), &author.may(), task, after, 3)).unwrap();
        page.into_iter().map(|comment| comment.id).collect()
    };
    assert_eq!((page(None), page(Some(ids[2]))), (ids[..3].to_vec(), ids[3..].to_vec()));
    assert!(page(Some(ids[4])).is_empty());
}

#[test]
fn only_who_sees_everything_sees_the_history_of_a_comment_that_is_gone() {
    let workspace = Workspace::new();
    let (admin, author) = (workspace.person(BuiltIn::Admin), workspace.person(BuiltIn::Member));
    let task = workspace.task(&author, titled("Talk")).id;
    let id = workspace.comment(&author, task, "soon gone").unwrap().id;
    workspace.erase(&author, id).unwrap();
    let told = |by: &Person, id| workspace.run(|tx| history(tx, &by.may(), &by.may(), id, None, 10));
    assert_eq!(told(&admin, id).unwrap().len(), 2);
    assert!(matches!(told(&author, id), Err(CommentError::NotFound)));
    assert!(matches!(told(&sees_all_tasks(author.id(), &[], "own"), id), Err(CommentError::NotFound)));
    assert!(matches!(told(&admin, CommentId::new(now())), Err(CommentError::NotFound)));
}
