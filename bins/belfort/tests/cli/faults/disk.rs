//! A disk that can be filled.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use diesel::connection::SimpleConnection;

use super::postgres::OwnPostgres;

/// A disk of its own, where the machine lets us mount one. Elsewhere the database is made to say what it says on a full disk.
pub(super) enum Disk {
    Mounted(PathBuf),
    Pretended,
}

/// Makes the database refuse new tasks with the error of a full disk.
const FULL: &str = r#"
    CREATE FUNCTION public.no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION USING ERRCODE = '53100',
            MESSAGE = 'could not extend file "base/16384/16412": No space left on device';
    END $$;
    DO $$ DECLARE tasks regclass; BEGIN
        FOR tasks IN SELECT oid FROM pg_class WHERE relname = 'tasks' AND relkind = 'r' LOOP
            EXECUTE format('CREATE TRIGGER no_room BEFORE INSERT ON %s EXECUTE FUNCTION public.no_room()', tasks);
        END LOOP;
    END $$"#;

impl Disk {
    /// Mounts a small disk at this place.
    pub(super) fn mount(place: &Path) -> Self {
        fs::create_dir(place).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=192m,mode=0755", "tmpfs"]).arg(place);
        let done = mount.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if done.is_ok_and(|status| status.success()) {
            return Self::Mounted(place.to_owned());
        }
        println!("no disk can be mounted here: the database is made to say that it is full");
        Self::Pretended
    }

    /// Fills it to the last byte.
    pub(super) fn fill(&self, postgres: &OwnPostgres) {
        let Self::Mounted(place) = self else {
            return postgres.superuser_inside().batch_execute(FULL).unwrap();
        };
        let mut ballast = File::create(place.join("ballast")).unwrap();
        for size in [1 << 20, 1 << 12, 1] {
            let piece = vec![0; size];
            let full = loop {
                if let Err(error) = ballast.write_all(&piece) {
                    break error;
                }
            };
            assert_eq!(full.kind(), ErrorKind::StorageFull, "{full}");
        }
    }

    /// Makes room on it, and starts a Postgres that has ended for want of it.
    pub(super) fn make_room(&self, postgres: &mut OwnPostgres) {
        let Self::Mounted(place) = self else {
            let mut pg = postgres.superuser_inside();
            return pg.batch_execute("DROP FUNCTION public.no_room() CASCADE").unwrap();
        };
        fs::remove_file(place.join("ballast")).unwrap();
        if !postgres.answers() {
            postgres.restart();
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Self::Mounted(place) = self {
            // Also while a process of a failed test is still in it.
            let _ = Command::new("umount").arg("-l").arg(place).status();
        }
    }
}
