//! The files of Swagger UI and ReDoc, taken out of the crates that carry them.

use std::borrow::Cow;
use std::sync::Arc;

use actix_web::web::Bytes;
use utoipa_swagger_ui::Config;

use super::page::Page;

/// The reason why the pages cannot be rendered. Only a dependency that changed its files can be the cause, and the tests
/// see that first.
#[derive(Debug, thiserror::Error)]
pub enum DocsError {
    /// The page that carries ReDoc is no longer cut the way this module cuts it.
    #[error("ReDoc's script was not found in aide's page")]
    Redoc,
    /// Swagger UI has another set of files.
    #[error("Swagger UI has no file `{name}`")]
    SwaggerUi {
        /// The file that is missing.
        name: &'static str,
    },
}

/// The files that Swagger UI's page asks for. Its OAuth helper page is left out: it works with an inline script only.
const SWAGGER_UI: [&str; 8] = [
    "index.html",
    "index.css",
    "swagger-ui.css",
    "swagger-ui-bundle.js",
    "swagger-ui-standalone-preset.js",
    "swagger-initializer.js",
    "favicon-16x16.png",
    "favicon-32x32.png",
];

/// The only file that ReDoc would fetch from another host: its maker's logo.
const REDOC_LOGO: &str = "https://cdn.redoc.ly/redoc/logo-mini.svg";
/// A picture of one transparent pixel.
const NO_LOGO: &str = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";

/// The files of Swagger UI, set up for the document at `schema`.
pub(super) fn swagger_ui(schema: &'static str) -> Result<Vec<(&'static str, Page)>, DocsError> {
    // Without this the page has its maker's host check the document, and shows the verdict as a picture from there.
    let config = Config::from(schema).validator_url("none").display_operation_id(true).filter(true);
    let config = Arc::new(config);
    let page = |name| {
        let file = utoipa_swagger_ui::serve(name, config.clone()).ok().flatten();
        let file = file.ok_or(DocsError::SwaggerUi { name })?;
        let bytes = match file.bytes {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => Bytes::from(bytes),
        };
        Ok((name, Page::new(&file.content_type, bytes)))
    };
    SWAGGER_UI.into_iter().map(page).collect()
}

/// The page around ReDoc's script, for the document at `schema`.
pub(super) fn redoc_page(schema: &str) -> String {
    format!(
        r#"<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>API</title>
    <link rel="icon" href="data:,">
    <style>body {{ margin: 0 }}</style>
  </head>
  <body>
    <redoc spec-url="{schema}" hide-loading disable-search></redoc>
    <script src="redoc.js"></script>
  </body>
</html>
"#
    )
}

/// ReDoc's script. aide carries it inside of a page; an inline script would need a hole in the policy, so it is cut out.
pub(super) fn redoc_script() -> Result<String, DocsError> {
    let page = aide::redoc::Redoc::new("").html();
    let script = page
        .split_once("<script>")
        .and_then(|(_, rest)| rest.rsplit_once("Redoc.init("))
        .map(|(script, _)| script.trim());
    let script = script.filter(|script| !script.is_empty()).ok_or(DocsError::Redoc)?;
    Ok(script.replace(REDOC_LOGO, NO_LOGO))
}
