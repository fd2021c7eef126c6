//! Merge keys.

use std::{collections::BTreeMap, rc::Rc};

use libyaml_safer::EventData;

use super::{Content, Invalid, Node};

/// `<<`, without quotes or with its tag.
pub(super) fn is_merge(event: &EventData) -> bool {
    const TAG: &str = "tag:yaml.org,2002:merge";
    match event {
        EventData::Scalar { value, tag, plain_implicit, .. } => {
            value == "<<" && (*plain_implicit || tag.as_deref() == Some(TAG))
        }
        _ => false,
    }
}

/// Puts the entries of a map, or of several of which the first counts most, over what is there.
pub(super) fn merge(entries: &mut BTreeMap<String, Rc<Node>>, value: &Node) -> Result<(), Invalid> {
    match &value.content {
        Content::Map(more) => {
            entries.extend(more.iter().map(|(key, node)| (key.clone(), Rc::clone(node))));
            Ok(())
        }
        Content::List(items)
            if items.iter().all(|item| matches!(item.content, Content::Map(_))) =>
        {
            items.iter().rev().try_for_each(|item| merge(entries, item))
        }
        _ => Err(Invalid::new(value.line, "a merge key needs a map")),
    }
}
