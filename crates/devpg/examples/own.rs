//! Starts the private Postgres of the directory that is its argument, says its URL, and keeps it until its input ends.

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use belfort_devpg::{PrivatePostgres, Settings};

fn main() -> Result<(), Box<dyn Error>> {
    let dir = std::env::args_os().nth(1).ok_or("the argument is a directory")?;
    #[expect(clippy::disallowed_methods, reason = "an example is the program that the rule speaks of")]
    let (bin, path) = (std::env::var_os("BELFORT_PG_BIN").map(PathBuf::from), std::env::var_os("PATH"));
    let fetched = Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/postgres"));
    let settings = Settings { dir: dir.into(), bin, path, fetched, durable: false };
    let postgres = PrivatePostgres::start(&settings)?;
    writeln!(io::stdout(), "{}", postgres.url("postgres", "postgres"))?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}
