//! How a manifest is pushed, as far as a review asks for it.

/// Longest tag: a longer text is none.
const TAG_BYTES_MAX: usize = 128;

/// What differs between two pushes of one manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Push {
    /// the tags that are pushed
    pub tags: Vec<String>,
    /// who pushes, if that is known
    pub principal: Option<String>,
}

/// What a review asked about the push. Its outcome holds for every push with the same answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// the tags
    Tags,
    /// whether there is a tag that is not this one
    OtherTag(String),
    /// who pushes
    Principal,
}

impl Question {
    /// Whether any tag is not this one. All texts that can't be a tag make the same question.
    pub(crate) fn other_tag(than: String) -> Self {
        Self::OtherTag(if than.len() > TAG_BYTES_MAX { String::new() } else { than })
    }

    /// The question with its answer, as text that no other pair has.
    pub fn answered(&self, push: &Push) -> String {
        match self {
            Self::Tags => format!("tags {:?}", push.tags),
            Self::OtherTag(than) => format!("other than {than:?} {}", push.has_other_tag(than)),
            Self::Principal => format!("principal {:?}", push.principal),
        }
    }
}

impl Push {
    pub(crate) fn has_other_tag(&self, than: &str) -> bool {
        self.tags.iter().any(|tag| tag != than)
    }
}
