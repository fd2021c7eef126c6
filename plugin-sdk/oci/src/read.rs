//! JSON, read in one pass: what is known goes where it belongs, and of everything else nothing is
//! built, so that no document takes much more memory than its bytes.
//!
//! Two equal keys are found in every object. For that the hashes of the keys of those objects are
//! kept that are open.

use std::{
    collections::HashSet,
    fmt,
    hash::{BuildHasher, RandomState},
};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::{
    json::mistaken_for,
    texts::{Annotations, Packed, Pairs, Texts},
};

/// What becomes of a value, by its JSON type. What is left out is of another type than is wanted.
pub(crate) trait Read<'de>: Sized {
    type Value;

    /// of another type
    fn other(self) -> Self::Value;

    fn null(self) -> Self::Value {
        self.other()
    }

    fn text(self, _text: &str) -> Self::Value {
        self.other()
    }

    /// whole, and not negative
    fn number(self, _number: u64) -> Self::Value {
        self.other()
    }

    fn list<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element_seed(By(Skip))?.is_some() {}
        Ok(self.other())
    }

    fn object<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
        let mut entries = Entries::new(entries, &[]);
        while entries.next()?.is_some() {
            entries.value(Skip)?;
        }
        Ok(self.other())
    }
}

/// Hands a value to its reader.
pub(crate) struct By<R>(pub(crate) R);

impl<'de, R: Read<'de>> DeserializeSeed<'de> for By<R> {
    type Value = R::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<R::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, R: Read<'de>> Visitor<'de> for By<R> {
    type Value = R::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<R::Value, E> {
        Ok(self.0.null())
    }

    fn visit_bool<E>(self, _value: bool) -> Result<R::Value, E> {
        Ok(self.0.other())
    }

    fn visit_i64<E>(self, _value: i64) -> Result<R::Value, E> {
        Ok(self.0.other())
    }

    fn visit_u64<E>(self, value: u64) -> Result<R::Value, E> {
        Ok(self.0.number(value))
    }

    fn visit_f64<E>(self, _value: f64) -> Result<R::Value, E> {
        Ok(self.0.other())
    }

    fn visit_str<E>(self, text: &str) -> Result<R::Value, E> {
        Ok(self.0.text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<R::Value, A::Error> {
        self.0.list(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<R::Value, A::Error> {
        self.0.object(entries)
    }
}

/// The entries of an object, each key once.
pub(crate) struct Entries<A> {
    object: A,
    known: &'static [&'static str],
    /// hashes of 64 bits, whose key nobody knows: two keys that share one by chance would refuse a
    /// good document, one in some ten million that have a million keys each
    seen: HashSet<u64>,
    hasher: RandomState,
}

/// A key.
pub(crate) enum Key {
    /// one of those that are known
    Known(&'static str),
    /// one that clients in Go take for one of those
    Mistaken(String, &'static str),
    /// any other
    Other,
}

impl<'de, A: MapAccess<'de>> Entries<A> {
    pub(crate) fn new(object: A, known: &'static [&'static str]) -> Self {
        Self { object, known, seen: HashSet::new(), hasher: RandomState::new() }
    }

    /// The next key. Its value has to be taken before the next one.
    pub(crate) fn next(&mut self) -> Result<Option<Key>, A::Error> {
        let known = self.known;
        self.next_as(|key| match known.iter().find(|field| **field == key) {
            Some(field) => Key::Known(field),
            None => match mistaken_for(key, known) {
                Some(field) => Key::Mistaken(key.to_owned(), field),
                None => Key::Other,
            },
        })
    }

    /// The next key, in whatever form it is wanted.
    fn next_as<K>(&mut self, of: impl FnOnce(&str) -> K) -> Result<Option<K>, A::Error> {
        let (seen, hasher) = (&mut self.seen, &self.hasher);
        let key = |text: &str| {
            let is_new = seen.insert(hasher.hash_one(text));
            is_new.then(|| of(text)).ok_or_else(|| text.chars().take(120).collect::<String>())
        };
        match self.object.next_key_seed(KeyOf(key))? {
            Some(Ok(key)) => Ok(Some(key)),
            Some(Err(twice)) => Err(A::Error::custom(format_args!("key {twice:?} appears twice"))),
            None => Ok(None),
        }
    }

    pub(crate) fn value<R: Read<'de>>(&mut self, read: R) -> Result<R::Value, A::Error> {
        self.object.next_value_seed(By(read))
    }
}

/// A key, as a function of its text.
struct KeyOf<F>(F);

impl<'de, K, F: FnOnce(&str) -> K> DeserializeSeed<'de> for KeyOf<F> {
    type Value = K;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<K, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<K, F: FnOnce(&str) -> K> Visitor<'_> for KeyOf<F> {
    type Value = K;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, text: &str) -> Result<K, E> {
        Ok((self.0)(text))
    }
}

/// Whatever it is: nothing is built of it.
pub(crate) struct Skip;

impl Read<'_> for Skip {
    type Value = ();

    fn other(self) {}
}

/// A value that is no list and no object.
#[derive(Debug, Default)]
pub(crate) enum Scalar {
    /// not there, or null: to Go's decoder that is as good as nothing
    #[default]
    Nothing,
    Text(String),
    /// whole, and not negative
    Number(u64),
    /// of another type
    Other,
}

/// Reads a [`Scalar`].
pub(crate) struct AsScalar;

impl Read<'_> for AsScalar {
    type Value = Scalar;

    fn other(self) -> Scalar {
        Scalar::Other
    }

    fn null(self) -> Scalar {
        Scalar::Nothing
    }

    fn text(self, text: &str) -> Scalar {
        Scalar::Text(text.to_owned())
    }

    fn number(self, number: u64) -> Scalar {
        Scalar::Number(number)
    }
}

/// A value of another type than the specification wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wrong;

/// Reads a list of texts; null is an empty one.
pub(crate) struct AsTexts;

impl<'de> Read<'de> for AsTexts {
    type Value = Result<Texts, Wrong>;

    fn other(self) -> Self::Value {
        Err(Wrong)
    }

    fn null(self) -> Self::Value {
        Ok(Texts::default())
    }

    fn list<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut texts = Packed::default();
        let mut all = true;
        while let Some(is_text) =
            items.next_element_seed(By(IntoText(|text: &str| texts.push(text))))?
        {
            all &= is_text;
        }
        Ok(if all { Ok(texts.finish()) } else { Err(Wrong) })
    }
}

/// Hands a text to a function, null as an empty one, as Go's decoder does; answers whether it was
/// one.
struct IntoText<F>(F);

impl<F: FnOnce(&str)> Read<'_> for IntoText<F> {
    type Value = bool;

    fn other(self) -> bool {
        false
    }

    fn null(self) -> bool {
        (self.0)("");
        true
    }

    fn text(self, text: &str) -> bool {
        (self.0)(text);
        true
    }
}

/// Reads keys and texts; null is no key at all.
pub(crate) struct AsAnnotations;

impl<'de> Read<'de> for AsAnnotations {
    type Value = Result<Annotations, Wrong>;

    fn other(self) -> Self::Value {
        Err(Wrong)
    }

    fn null(self) -> Self::Value {
        Ok(Annotations::default())
    }

    fn object<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
        let mut entries = Entries::new(entries, &[]);
        let mut pairs = Pairs::default();
        let mut all = true;
        while entries.next_as(|key| pairs.key(key))?.is_some() {
            all &= entries.value(IntoText(|text: &str| pairs.value(text)))?;
        }
        // finishing takes room as well
        drop(entries);
        Ok(if all { Ok(pairs.finish()) } else { Err(Wrong) })
    }
}
