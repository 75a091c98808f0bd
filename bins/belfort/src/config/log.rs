//! The settings of the log.

use tracing_subscriber::EnvFilter;

use super::Reader;

/// The settings of the log.
///
/// `BELFORT_LOG`: `text` or `json`, a filter, or both: `json,info,belfort_api=debug`. Default `text,info`.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) format: Format,
    pub(crate) filter: String,
}

/// The format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Json,
}

/// The filter before the operator's: of two directives for the same module the later one counts.
const DEFAULT: &str = "info,actix_server=warn";

impl Log {
    pub(super) fn load(reader: &mut Reader<'_>) -> Option<Self> {
        reader.read_or("BELFORT_LOG", "text,info", parse)
    }
}

fn parse(text: &str) -> Result<Log, String> {
    let mut format = Format::Text;
    let mut filter = DEFAULT.to_owned();
    for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        match word {
            "text" => format = Format::Text,
            "json" => format = Format::Json,
            directive => {
                filter.push(',');
                filter.push_str(directive);
            }
        }
    }
    match EnvFilter::builder().parse(&filter) {
        Ok(_) => Ok(Log { format, filter }),
        Err(error) => {
            Err(format!("{error}; write text or json, and levels, such as json,info,belfort_api=debug"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_and_filter_come_in_any_order() {
        for (text, format, filter) in [
            ("text,info", Format::Text, "info,actix_server=warn,info"),
            ("json", Format::Json, DEFAULT),
            ("debug", Format::Text, "info,actix_server=warn,debug"),
            ("belfort_api=debug, json", Format::Json, "info,actix_server=warn,belfort_api=debug"),
        ] {
            let log = parse(text).unwrap();
            assert_eq!((log.format, log.filter.as_str()), (format, filter), "{text}");
        }
        assert!(parse("json,belfort_api=loud").is_err());
    }
}
