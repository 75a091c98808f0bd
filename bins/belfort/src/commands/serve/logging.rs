//! The log of the server.

use std::io;

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{Format, Log};

pub(super) fn init(log: &Log) {
    // It was parsed once already; should it fail here, everything is logged rather than nothing.
    let filter = EnvFilter::builder().parse(&log.filter).unwrap_or_default();
    let subscriber = fmt().with_env_filter(filter).with_writer(io::stderr);
    match log.format {
        Format::Json => subscriber.json().finish().with(WithoutUnreadable).init(),
        Format::Text => {
            let ansi = io::IsTerminal::is_terminal(&io::stderr());
            subscriber.with_ansi(ansi).finish().with(WithoutUnreadable).init();
        }
    }
}

/// A filter of what the HTTP parser says of connections that do not speak HTTP.
///
/// It has an ERROR for each, by which anybody could fill the log and hide in it what is an error of the server. The same is told at
/// the level TRACE (`BELFORT_LOG=actix_http=trace`).
struct WithoutUnreadable;

impl<S: Subscriber> Layer<S> for WithoutUnreadable {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        if !event.metadata().target().starts_with("actix_http::h1") {
            return true;
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        !message.0.starts_with("stream error: ")
    }
}

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}
