//! Tables as RFC 4180 text, for those whose next step is a spreadsheet.

use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::http::header::{Accept, Header};
use csv::{Terminator, WriterBuilder};

use crate::error::{ApiResult, Problem};

/// Returns whether the request prefers CSV to JSON.
pub(crate) fn wanted(request: &HttpRequest) -> bool {
    let ranked = Accept::parse(request).map(|accept| accept.ranked()).unwrap_or_default();
    let known = ranked.iter().find_map(|kind| match (kind.type_().as_str(), kind.subtype().as_str()) {
        ("text", "csv" | "*") => Some(true),
        ("application", "json" | "*") | ("*", "*") => Some(false),
        _ => None,
    });
    known.unwrap_or(false)
}

/// A table: a line of names, then lines of as many cells each, all ended by CR LF.
pub(crate) fn table<'r>(
    names: &[&str],
    lines: impl Iterator<Item = Vec<Cow<'r, str>>>,
) -> ApiResult<Vec<u8>> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(names).map_err(Problem::internal)?;
    for line in lines {
        writer.write_record(line.iter().map(|cell| cell.as_bytes())).map_err(Problem::internal)?;
    }
    writer.into_inner().map_err(Problem::internal)
}

/// Text that somebody wrote, as a cell. What a spreadsheet would take for a formula gets an apostrophe in front: then it is text
/// there as well.
pub(crate) fn text(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn csv_is_given_to_who_prefers_it() {
        for (accept, csv) in [
            (None, false),
            (Some("*/*"), false),
            (Some("text/csv"), true),
            (Some("text/csv; charset=utf-8"), true),
            (Some("text/*"), true),
            (Some("text/html, */*;q=0.8"), false),
            (Some("application/json, text/csv;q=0.5"), false),
            (Some("application/json;q=0.5, text/csv"), true),
            (Some("image/png"), false),
            (Some("/;;"), false),
        ] {
            let request = accept
                .into_iter()
                .fold(TestRequest::get(), |request, accept| request.insert_header(("Accept", accept)));
            assert_eq!(wanted(&request.to_http_request()), csv, "{accept:?}");
        }
    }

    #[test]
    fn no_cell_is_a_formula_and_none_breaks_out() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(text(formula), format!("'{formula}"));
        }
        assert_eq!(text("a=b"), "a=b");
        let lines = [vec![text("a \"b\", c"), text("two\nlines")], vec![text(""), text("=x")]];
        let written = table(&["one", "two"], lines.into_iter()).unwrap();
        let expected = "one,two\r\n\"a \"\"b\"\", c\",\"two\nlines\"\r\n,'=x\r\n";
        assert_eq!(String::from_utf8(written).unwrap(), expected);
    }
}
