//! Texts that lie beside one another: a manifest of a few MiB can hold a million of them.

use std::{fmt, sync::Arc};

use serde::{Serialize, Serializer};

/// A list of texts, of at most 4 GiB together. Cheap to clone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Texts(Option<Arc<Packed>>);

/// Keys and values, in the order of the keys; of at most 4 GiB together. Cheap to clone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Annotations(Texts);

/// Texts while they are read.
#[derive(Default, PartialEq, Eq)]
pub(crate) struct Packed {
    /// one behind the other
    text: String,
    /// where each ends
    ends: Vec<u32>,
}

impl Texts {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |packed| packed.ends.len())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    fn get(&self, index: usize) -> Option<&str> {
        self.0.as_ref().and_then(|packed| packed.get(index))
    }
}

impl Packed {
    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
    }

    fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(start as usize..end as usize)
    }

    pub(crate) fn finish(mut self) -> Texts {
        if self.ends.is_empty() {
            return Texts::default();
        }
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
        Texts(Some(Arc::new(self)))
    }
}

impl<T: AsRef<str>> FromIterator<T> for Texts {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        let mut packed = Packed::default();
        texts.into_iter().for_each(|text| packed.push(text.as_ref()));
        packed.finish()
    }
}

impl Annotations {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len() / 2
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Key and value of each, in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        (0..self.len()).filter_map(|index| self.pair(index))
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        let (mut from, mut to) = (0, self.len());
        while from < to {
            let middle = usize::midpoint(from, to);
            let (found, value) = self.pair(middle)?;
            match found.cmp(key) {
                std::cmp::Ordering::Equal => return Some(value),
                std::cmp::Ordering::Less => from = middle + 1,
                std::cmp::Ordering::Greater => to = middle,
            }
        }
        None
    }

    fn pair(&self, index: usize) -> Option<(&str, &str)> {
        Some((self.0.get(index * 2)?, self.0.get(index * 2 + 1)?))
    }
}

/// Annotations while they are read, in the order in which they stand.
#[derive(Default)]
pub(crate) struct Pairs(Packed);

impl Pairs {
    /// A key that was not there before; its value comes next.
    pub(crate) fn key(&mut self, key: &str) {
        self.0.push(key);
    }

    /// The value of the last key.
    pub(crate) fn value(&mut self, value: &str) {
        self.0.push(value);
    }

    pub(crate) fn finish(self) -> Annotations {
        let pairs = Annotations(self.0.finish());
        let key = |index: &u32| pairs.pair(*index as usize).map(|(key, _)| key);
        let count = u32::try_from(pairs.len()).unwrap_or(u32::MAX);
        let mut order: Vec<u32> = (0..count).collect();
        if order.is_sorted_by_key(key) {
            return pairs;
        }
        order.sort_unstable_by(|one, other| key(one).cmp(&key(other)));
        let sorted = order.iter().filter_map(|index| pairs.pair(*index as usize));
        Annotations(sorted.flat_map(|(key, value)| [key, value]).collect())
    }
}

/// Of two equal keys the last counts.
impl FromIterator<(String, String)> for Annotations {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        let pairs: std::collections::BTreeMap<_, _> = pairs.into_iter().collect();
        Self(pairs.into_iter().flat_map(<[String; 2]>::from).collect())
    }
}

impl Serialize for Annotations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl fmt::Debug for Annotations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_out_as_they_went_in() {
        for texts in [&[][..], &[""], &["a", "", "\u{e4}b"]] {
            let packed: Texts = texts.iter().collect();
            assert_eq!(
                (packed.iter().collect::<Vec<_>>().as_slice(), packed.len()),
                (texts, texts.len())
            );
        }
    }

    #[test]
    fn annotations_are_found_by_their_keys_in_whatever_order_they_stood() {
        let mut pairs = Pairs::default();
        for (key, value) in [("c", "3"), ("a", "1"), ("", "0"), ("b", "")] {
            pairs.key(key);
            pairs.value(value);
        }
        let read = pairs.finish();
        let ordered: Vec<_> = read.iter().collect();
        assert_eq!(ordered, [("", "0"), ("a", "1"), ("b", ""), ("c", "3")]);
        assert_eq!((read.get("b"), read.get("c"), read.get("d")), (Some(""), Some("3"), None));
        let owned = ordered.iter().map(|(key, value)| (key.to_string(), value.to_string()));
        assert_eq!(owned.collect::<Annotations>(), read);
        assert_eq!(Annotations::default().get(""), None);
    }
}
