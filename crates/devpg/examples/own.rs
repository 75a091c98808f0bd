//! Starts the private Postgres of the directory that is its argument, says its URL, and keeps it until its input ends.

use std::error::Error;
use std::io::{self, Write};

use belfort_devpg::{PrivatePostgres, Settings};

fn main() -> Result<(), Box<dyn Error>> {
    let dir = std::env::args_os().nth(1).ok_or("the argument is a directory")?;
    let settings = Settings { dir: dir.into(), bin: None, path: None, durable: false };
    let postgres = PrivatePostgres::start(&settings)?;
    writeln!(io::stdout(), "{}", postgres.url("postgres", "postgres"))?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}
