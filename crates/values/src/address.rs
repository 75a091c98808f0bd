//! Addresses of the web and of email in a text.

/// Whether there is something in the text that a mail program makes a link of and that leads where its author wants: `://`, a
/// word that begins with `www.`, a domain with a path or a query behind it, or an email address.
///
/// A domain alone is not looked for: companies are called Booking.com, and a name of three letters with a dot in it is no
/// attempt to lead anybody anywhere.
pub fn has_address(text: &str) -> bool {
    let is_inside = |c: char| c.is_alphanumeric() || "-._/?#@".contains(c);
    let lower = text.to_lowercase();
    lower.contains("://") || lower.split(|c| !is_inside(c)).any(is_address)
}

/// Whether a word is one of them, but for a scheme.
fn is_address(word: &str) -> bool {
    if word.trim_start_matches(|c: char| !c.is_alphanumeric()).starts_with("www.") {
        return true;
    }
    let (user, host) = word.rsplit_once('@').map_or((None, word), |(user, host)| (Some(user), host));
    let name = host.split(['/', '?', '#']).next().unwrap_or_default();
    is_domain(name) && (name != host || user.is_some_and(|user| !user.is_empty()))
}

/// Two labels or more, the last one of letters.
fn is_domain(name: &str) -> bool {
    let is_label = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    let is_last = |last: &str| last.chars().count() > 1 && last.chars().all(char::is_alphabetic);
    name.rsplit_once('.').is_some_and(|(before, last)| before.split('.').all(is_label) && is_last(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_and_a_name_is_not_taken_for_one() {
        for text in [
            "Your parcel waits: https://evil.example/track?id=1 (pay 2.99 EUR)",
            "HTTPS://x",
            "ftp://x",
            "see www.evil.example",
            "(WWW.evil.example)",
            "evil.example/track",
            "»evil.example/«",
            "Parcel:evil.example/1",
            "evil.example?x=1",
            "evil.example#x",
            "bücher.example/1",
            "pay@evil.example",
            "<pay@evil.example>",
        ] {
            assert!(has_address(text), "{text}");
        }
        for text in [
            "Bakkerij De Ruyter",
            "Booking.com",
            "Booking.com: travel",
            "Peeters & Zn. / Mechelen",
            "S.A./N.V.",
            "Inc./BV",
            "24/7",
            "v1.2/3",
            "A/B",
            "C# / .NET",
            "meet @ noon",
            "@home",
            "Dr. No?",
            "What? Why: because.",
        ] {
            assert!(!has_address(text), "{text}");
        }
    }
}
