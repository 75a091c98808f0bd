//! Reading variables, with their errors and their values in force.

use std::fmt::{self, Display};

use super::Environment;

/// A reader of variables, which collects errors and values.
pub(crate) struct Reader<'e> {
    environment: Environment<'e>,
    production: bool,
    problems: Vec<String>,
    entries: Vec<Entry>,
}

/// A variable and its value in force.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) variable: &'static str,
    /// The value, without anything secret. Empty when there is none.
    pub(crate) shown: String,
    pub(crate) set: bool,
}

/// All errors of the settings.
#[derive(Debug)]
pub(crate) struct ConfigErrors(Vec<String>);

impl<'e> Reader<'e> {
    pub(crate) fn new(environment: Environment<'e>) -> Self {
        let mut reader = Self { environment, production: false, problems: Vec::new(), entries: Vec::new() };
        let production = reader.read_or("BELFORT_ENV", "development", |text| match text {
            "production" => Ok(true),
            "development" => Ok(false),
            _ => Err("write `production` or `development`"),
        });
        reader.production = production.unwrap_or_default();
        reader
    }

    /// Returns whether what must be chosen has no default.
    pub(crate) fn production(&self) -> bool {
        self.production
    }

    /// Reads a variable that may be absent.
    pub(crate) fn read<T, E: Display>(
        &mut self,
        variable: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(variable);
        self.entries.push(Entry { variable, shown: text.clone().unwrap_or_default(), set: text.is_some() });
        self.parsed(variable, &text?, true, parse)
    }

    /// Reads a variable with a default.
    pub(crate) fn read_or<T, E: Display>(
        &mut self,
        variable: &'static str,
        default: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(variable);
        let set = text.is_some();
        let text = text.unwrap_or_else(|| default.to_owned());
        self.entries.push(Entry { variable, shown: text.clone(), set });
        self.parsed(variable, &text, true, parse)
    }

    /// Reads a variable that is never shown as it is: neither its value nor in an error.
    pub(crate) fn secret<T, E: Display>(
        &mut self,
        variable: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
        show: impl FnOnce(&str, &T) -> String,
    ) -> Option<T> {
        let text = self.text(variable);
        let value = text.as_deref().and_then(|text| self.parsed(variable, text, false, parse));
        let shown = text.as_deref().zip(value.as_ref()).map(|(text, value)| show(text, value));
        self.entries.push(Entry { variable, shown: shown.unwrap_or_default(), set: text.is_some() });
        value
    }

    /// Adds an error, in production, for a variable that is not set. `what` says what to write.
    pub(crate) fn require(&mut self, variable: &str, what: &str) {
        if self.production {
            self.problems.push(format!("{variable} is not set: {what}"));
        }
    }

    /// Adds an error.
    pub(crate) fn problem(&mut self, text: String) {
        self.problems.push(text);
    }

    /// Returns whether a variable is set, without listing it as a setting.
    pub(crate) fn is_set(&mut self, variable: &str) -> bool {
        self.text(variable).is_some()
    }

    /// Reads a variable of the system's.
    pub(crate) fn raw(&self, variable: &str) -> Option<String> {
        (self.environment.get)(variable)
    }

    /// Returns the values in force, or all errors.
    pub(crate) fn finish(self) -> Result<Vec<Entry>, ConfigErrors> {
        if self.problems.is_empty() { Ok(self.entries) } else { Err(ConfigErrors(self.problems)) }
    }

    /// Reads a value. An empty one is none: that is how compose files and unit files leave a variable out.
    fn text(&self, variable: &str) -> Option<String> {
        let text = (self.environment.get)(variable)?.trim().to_owned();
        (!text.is_empty()).then_some(text)
    }

    fn parsed<T, E: Display>(
        &mut self,
        variable: &str,
        text: &str,
        showable: bool,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        if text.contains(char::REPLACEMENT_CHARACTER) {
            self.problems.push(format!("{variable} is not UTF-8"));
            return None;
        }
        match parse(text) {
            Ok(value) => Some(value),
            Err(error) => {
                let shown: String = if showable { text.chars().take(80).collect() } else { "…".to_owned() };
                self.problems.push(format!("{variable}={shown}: {error}"));
                None
            }
        }
    }
}

impl ConfigErrors {
    pub(super) fn none() -> Self {
        Self(Vec::new())
    }
}

impl Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the settings are not valid")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for ConfigErrors {}

impl Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = if self.shown.is_empty() { "-" } else { &self.shown };
        let origin = match (self.set, self.shown.is_empty()) {
            (true, _) => "",
            (false, true) => " (not set)",
            (false, false) => " (default)",
        };
        write!(f, "{:<32} {value}{origin}", self.variable)
    }
}
