//! Names of files.

use belfort_db::{Backend, RawValue};
use belfort_values::is_unseen;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;

/// The name of a file, 1 to [`FileName::MAX`] characters: no path, nothing that cannot be seen, nothing that
/// turns the direction of what is read.
///
/// It is made of whatever a client says, and never refused: the name is the file's, not the sender's, who
/// often did not choose it.
///
/// ```
/// use belfort_work::FileName;
///
/// assert_eq!(FileName::of("../../etc/passwd").as_str(), "passwd");
/// assert_eq!(FileName::of("C:\\Scans\\bill.pdf").as_str(), "bill.pdf");
/// assert_eq!(FileName::of(" \r\n ").as_str(), "file");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, AsExpression, FromSqlRow)]
#[serde(transparent)]
#[diesel(sql_type = Text)]
pub struct FileName(String);

/// The name of a file of whose name nothing is left.
const NAMELESS: &str = "file";
/// The longest ending that is kept when a name is cut.
const ENDING: usize = 16;

impl FileName {
    /// The most characters it may have.
    pub const MAX: usize = 255;

    /// The name that is left of `text`: the last component of a path, without what is not to be seen.
    pub fn of(text: &str) -> Self {
        let component = text.rsplit(['/', '\\']).next().unwrap_or_default();
        let seen: String = component.chars().filter(|c| !c.is_control() && !is_unseen(*c)).collect();
        let name = cut(seen.trim());
        // The two that name a directory.
        Self(if ["", ".", ".."].contains(&name.as_str()) { NAMELESS.to_owned() } else { name })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The first characters of a name that is too long, and its ending: programs know a file by it.
fn cut(name: &str) -> String {
    if name.chars().count() <= FileName::MAX {
        return name.to_owned();
    }
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    let ending = ending.filter(|ending| (1..=ENDING).contains(&ending.chars().count()));
    let ending = ending.map(|ending| format!(".{ending}")).unwrap_or_default();
    let room = FileName::MAX.saturating_sub(ending.chars().count());
    let kept: String = name.chars().take(room).collect();
    format!("{}{ending}", kept.trim_end())
}

impl ToSql<Text, Backend> for FileName {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Backend>) -> serialize::Result {
        <String as ToSql<Text, Backend>>::to_sql(&self.0, out)
    }
}

// What is stored was made when it was written, maybe by a version with other bounds: it is to stay readable.
impl FromSql<Text, Backend> for FileName {
    fn from_sql(value: RawValue<'_>) -> deserialize::Result<Self> {
        <String as FromSql<Text, Backend>>::from_sql(value).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_last_component_that_can_be_seen_is_left() {
        for (text, name) in [
            ("bill.pdf", "bill.pdf"),
            ("  bill.pdf\t", "bill.pdf"),
            ("../../etc/passwd", "passwd"),
            ("/etc/", "file"),
            ("C:\\x\\y.txt", "y.txt"),
            ("a/b\\c", "c"),
            ("..", "file"),
            (".", "file"),
            (" .. ", "file"),
            ("...", "..."),
            (".profile", ".profile"),
            ("", "file"),
            ("\r\nSet-Cookie: x=y", "Set-Cookie: x=y"),
            ("a\0b", "ab"),
            ("\u{202e}gpj.exe", "gpj.exe"),
            ("\u{2066}\u{200f}\u{feff}", "file"),
            ("\u{a0}é🥖.txt", "é🥖.txt"),
            ("say \"cheese\".png", "say \"cheese\".png"),
        ] {
            assert_eq!(FileName::of(text).as_str(), name, "{text:?}");
        }
    }

    #[test]
    fn a_name_that_is_too_long_keeps_its_ending() {
        let name = FileName::of(&format!("{}.pdf", "é".repeat(1_000)));
        assert_eq!(name.as_str(), format!("{}.pdf", "é".repeat(251)));
        let name = FileName::of(&format!("{}.{}", "x".repeat(1_000), "y".repeat(17)));
        assert_eq!(name.as_str(), "x".repeat(255));
    }

    proptest! {
        #[test]
        fn a_name_is_short_and_harmless_and_a_name_of_itself(
            text in any::<String>(),
            near in "[a. /\\\\\u{202e}\u{feff}\r\n]{0,20}",
            long in "[a. é]{240,300}(\\.[a-z]{0,20})?",
        ) {
            for text in [text, near, long] {
                let name = FileName::of(&text);
                let count = name.as_str().chars().count();
                prop_assert!((1..=FileName::MAX).contains(&count), "{count}");
                prop_assert!(!name.as_str().contains(['/', '\\']));
                prop_assert!(!name.as_str().chars().any(|c| c.is_control() || is_unseen(c)));
                prop_assert_eq!(name.as_str().trim(), name.as_str());
                prop_assert!(![".", ".."].contains(&name.as_str()));
                prop_assert_eq!(FileName::of(name.as_str()), name);
            }
        }
    }
}
