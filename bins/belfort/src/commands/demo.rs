//! `belfort demo`.

use super::Outcome;
use crate::config::Environment;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The slug of the workspace; without, the first free one of demo, demo-2, …
    #[arg(long)]
    slug: Option<String>,
    /// The password of everybody; without, a random one for each
    #[arg(long)]
    password: Option<String>,
}

pub(super) fn run(args: Args, environment: Environment<'_>) -> Outcome {
    let _ = (args.slug, args.password, environment);
    Err("there is no demo yet".into())
}
