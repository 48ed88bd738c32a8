//! JSON as the package managers of JavaScript read it: any depth, the last of equal keys, halves of surrogate pairs.
//!
//! A value stays text until it is asked what it is, so that one that nobody asks for costs no depth.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_bytes::ByteBuf;
use serde_json::value::RawValue;

/// An object's values by key.
pub(crate) type Object<'a> = BTreeMap<String, &'a RawValue>;

/// A text that may hold half of a surrogate pair, which becomes U+FFFD.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let bytes = ByteBuf::deserialize(from)?.into_vec();
        Ok(Self(
            String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
        ))
    }
}

/// The value as an object, if it is one.
pub(crate) fn object(value: &RawValue) -> Option<Object<'_>> {
    let read: BTreeMap<Text, &RawValue> = serde_json::from_str(value.get()).ok()?;
    Some(read.into_iter().map(|(Text(key), value)| (key, value)).collect())
}

/// The value as a text, if it is one.
pub(crate) fn text(value: &RawValue) -> Option<String> {
    // A list of small numbers would do for bytes.
    let text = value.get().starts_with('"').then(|| serde_json::from_str::<Text>(value.get()).ok());
    text.flatten().map(|Text(text)| text)
}

/// The value as a list, if it is one.
pub(crate) fn list(value: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(value.get()).ok()
}
