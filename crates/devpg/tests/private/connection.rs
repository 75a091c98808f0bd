//! A connection without a client library: none is a dependency here.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// As much of Postgres' protocol as a question needs.
pub(crate) struct Connection(UnixStream);

impl Connection {
    pub(crate) fn open(socket_dir: &Path) -> std::io::Result<Self> {
        // By a link, as the address of a socket has no room for a long path.
        let link = tempfile::tempdir()?;
        std::os::unix::fs::symlink(socket_dir, link.path().join("s"))?;
        let stream = UnixStream::connect(link.path().join("s/.s.PGSQL.5432"))?;
        stream.set_read_timeout(Some(Duration::from_mins(1)))?;
        let mut connection = Self(stream);
        let parameters = b"\0\x03\0\0user\0postgres\0database\0postgres\0\0";
        connection.0.write_all(&u32::try_from(parameters.len() + 4).unwrap().to_be_bytes())?;
        connection.0.write_all(parameters)?;
        connection.until_ready()?;
        Ok(connection)
    }

    pub(crate) fn ask(&mut self, sql: &str) -> std::io::Result<String> {
        self.0.write_all(b"Q")?;
        self.0.write_all(&u32::try_from(sql.len() + 5).unwrap().to_be_bytes())?;
        self.0.write_all(sql.as_bytes())?;
        self.0.write_all(b"\0")?;
        self.until_ready()
    }

    /// The first column of the last row before the server is ready for the next question.
    fn until_ready(&mut self) -> std::io::Result<String> {
        let mut value = String::new();
        loop {
            let mut head = [0; 5];
            self.0.read_exact(&mut head)?;
            let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
            let mut body = vec![0; usize::try_from(length).unwrap() - 4];
            self.0.read_exact(&mut body)?;
            match head[0] {
                b'Z' => return Ok(value),
                b'E' => return Err(std::io::Error::other(String::from_utf8_lossy(&body).into_owned())),
                b'D' => value = String::from_utf8(body[6..].to_vec()).unwrap(),
                _ => {}
            }
        }
    }

    pub(crate) fn read_to_end(&mut self) {
        self.0.read_to_end(&mut Vec::new()).unwrap();
    }
}
