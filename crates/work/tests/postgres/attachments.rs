//! Attachments: where their task is, there their author's; and there with all of their pieces or not at all.

use belfort_db::{Queries, Statement};
use belfort_ids::{AttachmentId, TaskId};
use belfort_policy::BuiltIn;
use belfort_testkit::now;
use belfort_work::FileName;
use belfort_work::attachments::{
    Attachment, AttachmentError, LIFETIME, NewAttachment, Upload, abandon, begin, delete, finish, get,
    history, list, piece, store, sweep,
};
use belfort_work::tasks::{self, NewTask};
use chrono::Duration;
use diesel::sql_types::BigInt;
use serde_json::json;

use crate::support::{Person, Workspace, titled};

impl Workspace {
    fn begin(&self, by: &Person, task: TaskId) -> Result<Upload, AttachmentError> {
        self.run(|tx| begin(tx, &by.may(), &by.may(), &by.origin(), task))
    }

    fn store(&self, by: &Person, upload: Upload, number: i32) -> Result<(), AttachmentError> {
        self.run(|tx| store(tx, &by.may(), upload, number, "0123abcd", &[7; 9]))
    }

    fn finish(&self, by: &Person, upload: Upload, task: TaskId) -> Result<Attachment, AttachmentError> {
        self.run(|tx| finish(tx, &by.may(), &by.may(), &by.origin(), upload, new(task)))
    }

    /// A file of two pieces.
    pub(crate) fn attach(&self, by: &Person, task: TaskId) -> Result<Attachment, AttachmentError> {
        let upload = self.begin(by, task)?;
        self.store(by, upload, 0)?;
        self.store(by, upload, 1)?;
        self.finish(by, upload, task)
    }

    fn attachments(&self, by: &Person, task: TaskId) -> Result<Vec<AttachmentId>, AttachmentError> {
        let page = self.run(|tx| list(tx, &by.may(), &by.may(), task, None, 100))?;
        Ok(page.into_iter().map(|attachment| attachment.id).collect())
    }

    fn remove(&self, by: &Person, id: AttachmentId) -> Result<(), AttachmentError> {
        self.run(|tx| delete(tx, &by.may(), &by.may(), &by.origin(), id, None))
    }

    /// How many attachments, pieces and uploads there are.
    fn counts(&self) -> (i64, i64, i64) {
        const COUNTS: Statement<(BigInt, BigInt, BigInt)> = Statement::new(
            "SELECT (SELECT count(*) FROM attachments), (SELECT count(*) FROM attachment_pieces),
                    (SELECT count(*) FROM attachment_uploads)",
        );
        self.tenant.begin().row(COUNTS).unwrap()
    }
}

fn new(task_id: TaskId) -> NewAttachment {
    NewAttachment {
        task_id,
        name: FileName::of("bill.pdf"),
        content_type: "application/pdf".into(),
        size: 18,
        sha256: [0xab; 32],
    }
}

#[test]
fn an_attachment_is_told_of_when_it_is_there_and_when_it_is_gone() {
    let workspace = Workspace::new();
    let author = workspace.person(BuiltIn::Member);
    let task = workspace.task(&author, titled("Pay")).id;
    let mark = workspace.mark();
    let made = workspace.attach(&author, task).unwrap();
    assert_eq!(
        workspace.run(|tx| get(tx, &author.may(), &author.may(), made.id)).unwrap().as_ref(),
        Some(&made)
    );
    assert_eq!(workspace.counts(), (1, 2, 0));
    let stale =
        workspace.run(|tx| delete(tx, &author.may(), &author.may(), &author.origin(), made.id, Some(2)));
    assert!(matches!(stale, Err(AttachmentError::Stale)));
    workspace.remove(&author, made.id).unwrap();
    assert!(matches!(workspace.remove(&author, made.id), Err(AttachmentError::NotFound)));
    assert_eq!(workspace.counts(), (0, 0, 0));
    let fields = [
        ("task_id", json!(task)),
        ("author_id", json!(author.id())),
        ("name", json!("bill.pdf")),
        ("content_type", json!("application/pdf")),
        ("size", json!(18)),
        ("sha256", json!("ab".repeat(32))),
    ];
    let create: Vec<_> = fields.iter().map(|(field, value)| json!([field, null, value])).collect();
    let gone: Vec<_> = fields.iter().map(|(field, value)| json!([field, value, null])).collect();
    let told = json!([["attachments", "create", create], ["attachments", "delete", gone]]);
    assert_eq!(workspace.told_since(mark), told);
}

#[test]
fn who_sees_the_task_reads_its_attachments_and_others_find_nothing() {
    let workspace = Workspace::new();
    let [author, viewer, stranger] =
        [BuiltIn::Member, BuiltIn::Guest, BuiltIn::Member].map(|role| workspace.person(role));
    let links = NewTask { viewer_ids: vec![viewer.id()], ..titled("Pay") };
    let task = workspace.task(&author, links).id;
    let id = workspace.attach(&author, task).unwrap().id;
    for reader in [&author, &viewer] {
        assert_eq!(workspace.attachments(reader, task).unwrap(), [id]);
        let (of_tasks, may) = (reader.may(), reader.may());
        let piece = workspace.run(|tx| piece(tx, &of_tasks, &may, id, 1)).unwrap().unwrap();
        assert_eq!((piece.key_id.as_str(), piece.sealed.as_slice()), ("0123abcd", &[7; 9][..]));
        assert!(workspace.run(|tx| history(tx, &of_tasks, &may, id, None, 10)).is_ok());
    }
    assert_eq!(workspace.run(|tx| piece(tx, &author.may(), &author.may(), id, 2)).unwrap(), None);
    let (of_tasks, may) = (stranger.may(), stranger.may());
    assert_eq!(workspace.run(|tx| piece(tx, &of_tasks, &may, id, 0)).unwrap(), None);
    let not_found =
        |result: Result<(), AttachmentError>| assert!(matches!(result, Err(AttachmentError::NotFound)));
    assert_eq!(workspace.run(|tx| get(tx, &of_tasks, &may, id)).unwrap(), None);
    not_found(workspace.run(|tx| history(tx, &of_tasks, &may, id, None, 10)).map(drop));
    not_found(workspace.attachments(&stranger, task).map(drop));
    not_found(workspace.begin(&stranger, task).map(drop));
    not_found(workspace.remove(&stranger, id));
    assert_eq!(workspace.counts(), (1, 2, 0));
}

#[test]
fn an_upload_is_its_senders_and_over_once_it_is_finished_or_abandoned() {
    let workspace = Workspace::new();
    let [author, other] = [BuiltIn::Admin, BuiltIn::Admin].map(|role| workspace.person(role));
    let task = workspace.task(&author, titled("Pay")).id;
    let over = |result: Result<(), AttachmentError>| assert!(matches!(result, Err(AttachmentError::Expired)));
    let upload = workspace.begin(&author, task).unwrap();
    workspace.store(&author, upload, 0).unwrap();
    over(workspace.store(&other, upload, 1));
    over(workspace.finish(&other, upload, task).map(drop));
    workspace.finish(&author, upload, task).unwrap();
    over(workspace.store(&author, upload, 1));
    over(workspace.finish(&author, upload, task).map(drop));
    // What became an attachment cannot be taken back as an upload.
    workspace.run(|tx| abandon(tx, upload)).unwrap();
    assert_eq!(workspace.counts(), (1, 1, 0));
    let second = workspace.begin(&author, task).unwrap();
    workspace.store(&author, second, 0).unwrap();
    workspace.run(|tx| abandon(tx, second)).unwrap();
    over(workspace.store(&author, second, 1));
    assert_eq!(workspace.counts(), (1, 1, 0));
}

#[test]
fn what_is_older_than_an_hour_is_swept_and_nothing_else() {
    let workspace = Workspace::new();
    let author = workspace.person(BuiltIn::Member);
    let task = workspace.task(&author, titled("Pay")).id;
    let done = workspace.attach(&author, task).unwrap();
    let upload = workspace.begin(&author, task).unwrap();
    workspace.store(&author, upload, 0).unwrap();
    let early = now() + LIFETIME - Duration::microseconds(1);
    assert_eq!(workspace.run(|tx| sweep(tx, early)).unwrap(), 0);
    assert_eq!(workspace.counts(), (1, 3, 1));
    assert_eq!(workspace.run(|tx| sweep(tx, now() + LIFETIME)).unwrap(), 1);
    assert_eq!(workspace.counts(), (1, 2, 0));
    assert_eq!(workspace.attachments(&author, task).unwrap(), [done.id]);
}

#[test]
fn a_piece_that_is_just_being_stored_is_not_left_behind() {
    let workspace = Workspace::new();
    let author = workspace.person(BuiltIn::Member);
    let task = workspace.task(&author, titled("Pay")).id;
    let upload = workspace.begin(&author, task).unwrap();
    let mut storing = workspace.tenant.begin();
    store(&mut storing, &author.may(), upload, 0, "0123abcd", &[7; 9]).unwrap();
    // The sweep does not wait for it, and comes again.
    assert_eq!(workspace.run(|tx| sweep(tx, now() + LIFETIME)).unwrap(), 0);
    // Who gives up the upload does wait, and then finds the piece.
    std::thread::scope(|threads| {
        let abandoning = threads.spawn(|| workspace.run(|tx| abandon(tx, upload)));
        workspace.until_one_waits(|| abandoning.is_finished());
        storing.commit().unwrap();
        abandoning.join().unwrap().unwrap();
    });
    assert_eq!(workspace.counts(), (0, 0, 0));
}

#[test]
fn a_task_takes_its_attachments_along_also_one_that_is_just_finished() {
    let workspace = Workspace::new();
    let author = workspace.person(BuiltIn::Member);
    let task = workspace.task(&author, titled("Pay")).id;
    let first = workspace.attach(&author, task).unwrap().id;
    let upload = workspace.begin(&author, task).unwrap();
    workspace.store(&author, upload, 0).unwrap();
    let mark = workspace.mark();
    let mut finishing = workspace.tenant.begin();
    finish(&mut finishing, &author.may(), &author.may(), &author.origin(), upload, new(task)).unwrap();
    std::thread::scope(|threads| {
        let deleting = threads
            .spawn(|| workspace.run(|tx| tasks::delete(tx, &author.may(), &author.origin(), task, None)));
        workspace.until_one_waits(|| deleting.is_finished());
        finishing.commit().unwrap();
        deleting.join().unwrap().unwrap();
    });
    assert_eq!(workspace.counts(), (0, 0, 0));
    let told = workspace.told_since(mark);
    let told: Vec<_> = told.as_array().unwrap().iter().map(|event| json!([event[0], event[1]])).collect();
    let gone = json!(["attachments", "delete"]);
    assert_eq!(told, [json!(["attachments", "create"]), json!(["tasks", "delete"]), gone.clone(), gone]);
    // Whoever comes too late attaches to nothing, and of the first one everything is known.
    assert!(matches!(workspace.attach(&author, task), Err(AttachmentError::NotFound)));
    let admin = workspace.person(BuiltIn::Admin);
    let events = workspace.run(|tx| history(tx, &admin.may(), &admin.may(), first, None, 10)).unwrap();
    assert_eq!(events.len(), 2);
}

#[test]
fn with_the_tenant_its_files_go() {
    const TABLES: Statement<BigInt> =
        Statement::new("SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'attachment%'");
    let workspace = Workspace::new();
    let author = workspace.person(BuiltIn::Member);
    let task = workspace.task(&author, titled("Pay")).id;
    workspace.attach(&author, task).unwrap();
    workspace.begin(&author, task).unwrap();
    let tables = || workspace.db.superuser().row::<i64, _>(TABLES).unwrap();
    assert_eq!(tables(), 3);
    let mut tx = workspace.db.begin_control();
    assert!(tx.delete(workspace.tenant.tenant.id).unwrap());
    tx.commit().unwrap();
    assert_eq!(tables(), 0);
}
