//! Tags: their names, their makers, and the tasks that lose them.

use belfort_ids::TagId;
use belfort_policy::BuiltIn;
use belfort_testkit::now;
use belfort_work::TagName;
use belfort_work::tags::{NewTag, TagError, TagPatch, create, delete, get, history, list, update};
use belfort_work::tasks::NewTask;
use serde_json::json;

use crate::support::{Person, Workspace, titled};

fn named(name: &str) -> TagPatch {
    TagPatch { name: Some(TagName::parse(name).unwrap()) }
}

#[test]
fn every_change_of_a_tag_is_told_and_no_other() {
    let workspace = Workspace::new();
    let member = workspace.person(BuiltIn::Member);
    let (may, origin) = (&member, member.origin());
    let id = workspace.tag(&member, "red");
    let tag = workspace.run(|tx| get(tx, &may.may(), id)?.ok_or(TagError::NotFound)).unwrap();
    for same in [TagPatch::default(), named("red")] {
        assert_eq!(workspace.run(|tx| update(tx, &may.may(), &origin, id, None, same)).unwrap(), tag);
    }
    let renamed = workspace.run(|tx| update(tx, &may.may(), &origin, id, Some(1), named("blue"))).unwrap();
    assert_eq!((renamed.version, renamed.name.as_str()), (2, "blue"));
    assert_eq!(workspace.run(|tx| get(tx, &may.may(), id)?.ok_or(TagError::NotFound)).unwrap(), renamed);
    let stale = workspace.run(|tx| update(tx, &may.may(), &origin, id, Some(1), named("green")));
    assert!(matches!(stale, Err(TagError::Stale)));
    let stale = workspace.run(|tx| delete(tx, &may.may(), &origin, id, Some(1)));
    assert!(matches!(stale, Err(TagError::Stale)));
    workspace.run(|tx| delete(tx, &may.may(), &origin, id, None)).unwrap();
    let by = json!(member.id());
    assert_eq!(
        workspace.told_since(0),
        json!([
            ["tags", "create", [["name", null, "red"], ["created_by_id", null, by]]],
            ["tags", "update", [["name", "red", "blue"]]],
            ["tags", "delete", [["name", "blue", null], ["created_by_id", by, null]]],
        ])
    );
}

#[test]
fn no_two_tags_have_the_same_name() {
    let workspace = Workspace::new();
    let admin = workspace.person(BuiltIn::Admin);
    let (red, _) = (workspace.tag(&admin, "red"), workspace.tag(&admin, "blue"));
    let name = TagName::parse(" blue ").unwrap();
    let again = workspace.run(|tx| create(tx, &admin.may(), &admin.origin(), NewTag { name }));
    assert!(matches!(again, Err(TagError::NameTaken)));
    let renamed = workspace.run(|tx| update(tx, &admin.may(), &admin.origin(), red, None, named("blue")));
    assert!(matches!(renamed, Err(TagError::NameTaken)));
}

/// Postgres would write the name into its log.
#[test]
fn a_name_that_is_taken_violates_no_constraint() {
    let workspace = Workspace::new();
    let admin = workspace.person(BuiltIn::Admin);
    let (red, _) = (workspace.tag(&admin, "red"), workspace.tag(&admin, "blue"));
    let mut tx = workspace.tenant.begin();
    let name = TagName::parse("blue").unwrap();
    let again = create(&mut tx, &admin.may(), &admin.origin(), NewTag { name });
    assert!(matches!(again, Err(TagError::NameTaken)));
    let renamed = update(&mut tx, &admin.may(), &admin.origin(), red, None, named("blue"));
    assert!(matches!(renamed, Err(TagError::NameTaken)));
    // After a violation every statement would fail.
    assert_eq!(get(&mut tx, &admin.may(), red).unwrap().unwrap().name.as_str(), "red");
}

#[test]
fn a_deleted_tag_is_taken_off_each_task_that_had_it() {
    let workspace = Workspace::new();
    let admin = workspace.person(BuiltIn::Admin);
    let [red, blue] = ["red", "blue"].map(|name| workspace.tag(&admin, name));
    let task = |tag_ids, title| workspace.task(&admin, NewTask { tag_ids, ..titled(title) });
    let [one, two] = [task(vec![red, blue], "One"), task(vec![red], "Two")];
    let other = task(vec![blue], "Other");
    let mark = workspace.mark();
    workspace.run(|tx| delete(tx, &admin.may(), &admin.origin(), red, None)).unwrap();
    let removed = json!([["tag_id", red, null], ["tag", "red", null]]);
    assert_eq!(
        workspace.told_since(mark),
        json!([
            ["tasks", "tag_removed", removed],
            ["tasks", "tag_removed", removed],
            ["tags", "delete", [["name", "red", null], ["created_by_id", admin.id(), null]]],
        ])
    );
    let after = workspace.get(&admin, &one).unwrap();
    assert_eq!((after.tag_ids, after.version), (vec![blue], 2));
    let after = workspace.get(&admin, &two).unwrap();
    assert_eq!((after.tag_ids, after.version), (vec![], 2));
    assert_eq!(workspace.get(&admin, &other).unwrap(), other);
}

#[test]
fn a_tag_out_of_reach_is_not_there_but_can_be_put_on_a_task() {
    let workspace = Workspace::new();
    let [admin, maker, stranger] =
        [BuiltIn::Admin, BuiltIn::Member, BuiltIn::Member].map(|role| workspace.person(role));
    let id = workspace.tag(&maker, "red");
    let mate = stranger.in_role(BuiltIn::Member, &[maker.id()]);
    let seen = |by: &Person| {
        let listed = workspace.run(|tx| list(tx, &by.may(), None, 10)).unwrap();
        let got = workspace.run(|tx| get(tx, &by.may(), id)).unwrap().is_some();
        let told = workspace.run(|tx| history(tx, &by.may(), id, None, 10)).is_ok();
        assert!(got == told && got == listed.iter().any(|tag| tag.id == id));
        got
    };
    assert_eq!([&admin, &maker, &mate, &stranger].map(seen), [true, true, true, false]);
    // A member changes their own tags, not their team's.
    for person in [&mate, &stranger] {
        let (may, origin) = (person, person.origin());
        let renamed = workspace.run(|tx| update(tx, &may.may(), &origin, id, None, named("blue")));
        assert!(matches!(renamed, Err(TagError::NotFound)));
        let gone = workspace.run(|tx| delete(tx, &may.may(), &origin, id, None));
        assert!(matches!(gone, Err(TagError::NotFound)));
    }
    assert_eq!(workspace.task(&stranger, NewTask { tag_ids: vec![id], ..titled("Tagged") }).tag_ids, [id]);
}

#[test]
fn only_who_sees_every_tag_sees_the_history_of_one_that_is_gone() {
    let workspace = Workspace::new();
    let (admin, maker) = (workspace.person(BuiltIn::Admin), workspace.person(BuiltIn::Member));
    let id = workspace.tag(&maker, "red");
    workspace.run(|tx| delete(tx, &maker.may(), &maker.origin(), id, None)).unwrap();
    let told = |by: &Person, id| workspace.run(|tx| history(tx, &by.may(), id, None, 10));
    assert_eq!(told(&admin, id).unwrap().len(), 2);
    assert!(matches!(told(&maker, id), Err(TagError::NotFound)));
    assert!(matches!(told(&admin, TagId::new(now())), Err(TagError::NotFound)));
}

#[test]
fn pages_of_tags_follow_each_other() {
    let workspace = Workspace::new();
    let admin = workspace.person(BuiltIn::Admin);
    let ids = ["c", "a", "b"].map(|name| workspace.tag(&admin, name));
    let page = |after| -> Vec<TagId> {
        let page = workspace.run(|tx| list(tx, &admin.may(), after, 2)).unwrap();
        page.into_iter().map(|tag| tag.id).collect()
    };
    assert_eq!((page(None), page(Some(ids[1]))), (ids[..2].to_vec(), ids[2..].to_vec()));
}
