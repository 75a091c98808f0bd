//! Entity tags of rows (RFC 9110, section 8.8.3).

use actix_web::HttpRequest;
use actix_web::http::header::{EntityTag, Header, IfNoneMatch};
use sha2::{Digest, Sha256};

/// The tag of a version. Strong: the same tag, the same bytes.
pub(crate) fn of_version(version: i32) -> EntityTag {
    EntityTag::new_strong(format!("v{version}"))
}

/// The tag of a row of which something changes without its version, because it is made of other rows: it tells the bytes
/// apart, and `If-Match` asks for the version in it alone.
pub(crate) fn of_version_and_body(version: i32, body: &[u8]) -> EntityTag {
    let digest: [u8; 32] = Sha256::digest(body).into();
    let start = digest.first_chunk().copied().unwrap_or_default();
    EntityTag::new_strong(format!("v{version}-{:016x}", u64::from_be_bytes(start)))
}

/// The version in a tag that this module made.
pub(crate) fn version_in(tag: &EntityTag) -> Option<i32> {
    let text = Some(tag).filter(|tag| !tag.weak)?.tag().strip_prefix('v')?;
    let (number, digest) =
        text.split_once('-').map_or((text, None), |(number, digest)| (number, Some(digest)));
    let version: i32 = number.parse().ok().filter(|version| *version > 0)?;
    let hexadecimal =
        |digest: &str| digest.len() == 16 && digest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    // A number can be written in more ways than one, a tag cannot.
    (version.to_string() == number && digest.is_none_or(hexadecimal)).then_some(version)
}

/// `If-None-Match`: the tags of what the caller has already.
#[derive(Debug)]
pub(crate) struct KnownTags(Option<IfNoneMatch>);

impl KnownTags {
    /// The tags of a request; none where the header is absent or cannot be read.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        Self(IfNoneMatch::parse(request).ok())
    }

    /// Returns whether this tag is among them. Unlike with `If-Match`, a weak one is good enough: nothing is changed.
    pub(crate) fn contain(&self, tag: &EntityTag) -> bool {
        match &self.0 {
            Some(IfNoneMatch::Any) => true,
            Some(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version_of(tag: &str) -> Option<i32> {
        version_in(&tag.parse().ok()?)
    }

    #[test]
    fn a_tag_leads_back_to_its_version() {
        assert_eq!(version_in(&of_version(7)), Some(7));
        assert_eq!(version_in(&of_version_and_body(7, b"body")), Some(7));
        assert_ne!(of_version_and_body(7, b"body"), of_version_and_body(7, b"other"));
        for tag in [
            "7",
            "\"7\"",
            "W/\"v7\"",
            "\"v-7\"",
            "\"v+7\"",
            "\"v07\"",
            "\"v7",
            "*",
            "\"v7-\"",
            "\"v7-x\"",
            "\"v-0123456789abcdef\"",
        ] {
            assert_eq!(version_of(tag), None, "{tag}");
        }
    }
}
