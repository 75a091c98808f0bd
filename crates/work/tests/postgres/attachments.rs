//! Attachments: where their task is, there their author's; and there with all of their content or not at all.

use belfort_db::{Queries, Statement};
use belfort_ids::{AttachmentId, TaskId};
use belfort_policy::BuiltIn;
use belfort_testkit::now;
use belfort_work::attachments::{
    Attachment, AttachmentError, ByteRange, CHUNK_SIZE, ChunkError, ContentWriter, FileName, LIFETIME,
    NewAttachment, StoredContent, Upload, abandon, begin, create, delete, get, history, list, read_chunk,
    sweep,
};
use belfort_work::tasks::{self, NewTask};
use chrono::Duration;
use diesel::sql_types::BigInt;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::support::{Person, Workspace, titled};

impl Workspace {
    fn begin(&self, by: &Person, task: TaskId) -> Result<Upload, AttachmentError> {
        self.run(|tx| begin(tx, &by.may(), &by.may(), &by.origin(), task))
    }

    fn store(&self, by: &Person, writer: &mut ContentWriter, chunk: &[u8]) -> Result<(), AttachmentError> {
        self.run(|tx| writer.store(tx, &by.may(), self.keys(), chunk))
    }

    fn store_last(
        &self,
        by: &Person,
        writer: ContentWriter,
        chunk: &[u8],
    ) -> Result<StoredContent, AttachmentError> {
        self.run(|tx| writer.finish(tx, &by.may(), self.keys(), chunk))
    }

    fn create(&self, by: &Person, new: NewAttachment) -> Result<Attachment, AttachmentError> {
        self.run(|tx| create(tx, &by.may(), &by.may(), &by.origin(), new))
    }

    /// A file of two chunks.
    pub(crate) fn attach(&self, by: &Person, task: TaskId) -> Result<Attachment, AttachmentError> {
        self.attach_all(by, task, &content(CHUNK_SIZE + 9))
    }

    fn attach_all(&self, by: &Person, task: TaskId, content: &[u8]) -> Result<Attachment, AttachmentError> {
        let mut writer = ContentWriter::new(self.begin(by, task)?);
        let mut rest = content;
        while let Some((chunk, later)) =
            rest.split_at_checked(CHUNK_SIZE).filter(|(_, later)| !later.is_empty())
        {
            self.store(by, &mut writer, chunk)?;
            rest = later;
        }
        let content = self.store_last(by, writer, rest)?;
        self.create(by, new(task, content))
    }

    /// What is read of these bytes, chunk by chunk.
    fn read(&self, by: &Person, range: &ByteRange) -> Result<Vec<u8>, AttachmentError> {
        let mut read = Vec::new();
        for chunk in range.chunks() {
            read.extend(self.run(|tx| read_chunk(tx, &by.may(), &by.may(), self.keys(), range, chunk))?);
        }
        Ok(read)
    }

    fn attachments(&self, by: &Person, task: TaskId) -> Result<Vec<AttachmentId>, AttachmentError> {
        let page = self.run(|tx| list(tx, &by.may(), &by.may(), task, None, 100))?;
        Ok(page.into_iter().map(|attachment| attachment.id).collect())
    }

    fn remove(&self, by: &Person, id: AttachmentId) -> Result<(), AttachmentError> {
        self.run(|tx| delete(tx, &by.may(), &by.may(), &by.origin(), id, None))
    }

    /// How many attachments, chunks and uploads there are.
    fn counts(&self) -> (i64, i64, i64) {
        const COUNTS: Statement<(BigInt, BigInt, BigInt)> = Statement::new(
            "SELECT (SELECT count(*) FROM attachments), (SELECT count(*) FROM attachment_pieces),
                    (SELECT count(*) FROM attachment_uploads)",
        );
        self.tenant.begin().row(COUNTS).unwrap()
    }
}

fn new(task_id: TaskId, content: StoredContent) -> NewAttachment {
    NewAttachment { task_id, name: FileName::of("bill.pdf"), content }
}

/// So many bytes that begin as a PDF does.
fn content(size: usize) -> Vec<u8> {
    b"%PDF-1.7\n".iter().copied().chain((0_u8..251).cycle()).take(size).collect()
}

fn number(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap()
}

fn is_missing<T: std::fmt::Debug>(read: &Result<T, AttachmentError>) -> bool {
    matches!(read, Err(AttachmentError::Unreadable { source: ChunkError::Missing, .. }))
}

#[test]
fn content_is_read_as_it_was_written_by_any_range() {
    let workspace = Workspace::new();
    let author = workspace.person(BuiltIn::Member);
    let task = workspace.task(&author, titled("Pay")).id;
    for size in [0, 1, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, 2 * CHUNK_SIZE + 77] {
        let content = content(size);
        let made = workspace.attach_all(&author, task, &content).unwrap();
        assert_eq!((made.length(), made.sha256.as_slice()), (number(size), &Sha256::digest(&content)[..]));
        assert!(workspace.read(&author, &ByteRange::all(&made).unwrap()).unwrap() == content, "{size}");
        assert_eq!(ByteRange::of(&made, 0..=made.length().max(1)), None);
        for (first, last) in
            [(0, 0), (5, CHUNK_SIZE), (CHUNK_SIZE - 1, CHUNK_SIZE), (CHUNK_SIZE, size.max(1) - 1)]
        {
            if first <= last && last < size {
                let range = ByteRange::of(&made, number(first)..=number(last)).unwrap();
                assert!(
                    workspace.read(&author, &range).unwrap() == content[first..=last],
                    "{first} to {last} of {size}"
                );
            }
        }
    }
    let kinds: Vec<String> = workspace
        .run(|tx| list(tx, &author.may(), &author.may(), task, None, 9))
        .unwrap()
        .into_iter()
        .map(|row| row.content_type)
        .collect();
    assert_eq!(kinds[..2], ["text/plain; charset=utf-8", "text/plain; charset=utf-8"]);
    assert!(kinds[2..].iter().all(|kind| kind == "application/pdf"), "{kinds:?}");
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
        ("size", json!(CHUNK_SIZE + 9)),
        ("sha256", json!(made.digest())),
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
    let made = workspace.attach(&author, task).unwrap();
    let (id, range) = (made.id, ByteRange::all(&made).unwrap());
    for reader in [&author, &viewer] {
        assert_eq!(workspace.attachments(reader, task).unwrap(), [id]);
        let (of_tasks, may) = (reader.may(), reader.may());
        assert!(workspace.read(reader, &range).unwrap() == content(CHUNK_SIZE + 9));
        assert!(workspace.run(|tx| history(tx, &of_tasks, &may, id, None, 10)).is_ok());
    }
    let third = workspace.run(|tx| read_chunk(tx, &author.may(), &author.may(), workspace.keys(), &range, 2));
    assert!(is_missing(&third), "{third:?}");
    let (of_tasks, may) = (stranger.may(), stranger.may());
    assert!(is_missing(&workspace.read(&stranger, &range)));
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
    over(workspace.store(&other, &mut ContentWriter::new(upload), b"bread"));
    over(workspace.store_last(&other, ContentWriter::new(upload), b"bread").map(drop));
    let content = workspace.store_last(&author, ContentWriter::new(upload), b"bread").unwrap();
    over(workspace.create(&other, new(task, content.clone())).map(drop));
    workspace.create(&author, new(task, content.clone())).unwrap();
    over(workspace.store(&author, &mut ContentWriter::new(upload), b"bread"));
    over(workspace.create(&author, new(task, content)).map(drop));
    // What became an attachment cannot be taken back as an upload.
    workspace.run(|tx| abandon(tx, upload)).unwrap();
    assert_eq!(workspace.counts(), (1, 1, 0));
    let mut second = ContentWriter::new(workspace.begin(&author, task).unwrap());
    workspace.store(&author, &mut second, b"bread").unwrap();
    workspace.run(|tx| abandon(tx, second.upload())).unwrap();
    over(workspace.store(&author, &mut second, b"butter"));
    assert_eq!(workspace.counts(), (1, 1, 0));
}

#[test]
fn what_is_older_than_an_hour_is_swept_and_nothing_else() {
    let workspace = Workspace::new();
    let author = workspace.person(BuiltIn::Member);
    let task = workspace.task(&author, titled("Pay")).id;
    let done = workspace.attach(&author, task).unwrap();
    let mut writer = ContentWriter::new(workspace.begin(&author, task).unwrap());
    workspace.store(&author, &mut writer, b"bread").unwrap();
    let early = now() + LIFETIME - Duration::microseconds(1);
    assert_eq!(workspace.run(|tx| sweep(tx, early)).unwrap(), 0);
    assert_eq!(workspace.counts(), (1, 3, 1));
    assert_eq!(workspace.run(|tx| sweep(tx, now() + LIFETIME)).unwrap(), 1);
    assert_eq!(workspace.counts(), (1, 2, 0));
    assert_eq!(workspace.attachments(&author, task).unwrap(), [done.id]);
}

#[test]
fn a_chunk_that_is_just_being_stored_is_not_left_behind() {
    let workspace = Workspace::new();
    let author = workspace.person(BuiltIn::Member);
    let task = workspace.task(&author, titled("Pay")).id;
    let upload = workspace.begin(&author, task).unwrap();
    let mut storing = workspace.tenant.begin();
    ContentWriter::new(upload).store(&mut storing, &author.may(), workspace.keys(), b"bread").unwrap();
    // The sweep does not wait for it, and comes again.
    assert_eq!(workspace.run(|tx| sweep(tx, now() + LIFETIME)).unwrap(), 0);
    // Who gives up the upload does wait, and then finds the chunk.
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
    let content = workspace.store_last(&author, ContentWriter::new(upload), b"bread").unwrap();
    let mark = workspace.mark();
    let mut finishing = workspace.tenant.begin();
    create(&mut finishing, &author.may(), &author.may(), &author.origin(), new(task, content)).unwrap();
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
