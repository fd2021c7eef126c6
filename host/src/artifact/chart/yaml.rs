//! The YAML of a chart, read as helm reads it: a port of libyaml, and of several equal keys the
//! last.
//!
//! This reader refuses nothing by itself. What it can't read is left to the plugin, which judges
//! the same bytes.

use std::{collections::BTreeMap, rc::Rc};

use libyaml_safer::{Error, Event, EventData, Parser};

use super::scalar::Scalar;

/// Bytes of a file.
const BYTES_MAX: usize = 1 << 20;
/// Values of a file, with those behind aliases.
const NODES_MAX: usize = 20_000;
const DEPTH_MAX: usize = 64;
/// Times that the parser begins anew, each for one escape.
const ESCAPES_MAX: usize = 256;

/// A value.
#[derive(Debug)]
pub(super) enum Node {
    Scalar(Scalar),
    List(Vec<Rc<Self>>),
    /// in the order of bytes, in which Go's JSON decodes them
    Map(BTreeMap<String, Rc<Self>>),
}

/// Returns the first document of a file, without its byte order mark; `None` if it can't be read.
pub(super) fn parse(file: &[u8]) -> Option<Rc<Node>> {
    let mut bytes = file.to_vec();
    // the parser panics where a text or an escape ends with the file
    if !bytes.ends_with(b"\n") {
        bytes.push(b'\n');
    }
    if bytes.len() > BYTES_MAX {
        return None;
    }
    for _ in 0..ESCAPES_MAX {
        let mut input = &bytes[..];
        let mut parser = Parser::new();
        parser.set_input_string(&mut input);
        let mut reader = Reader { parser, anchors: BTreeMap::new(), nodes: 0, stopped: None };
        let document = reader.document();
        let stopped = reader.stopped.and_then(|error| error.problem_mark());
        // helm takes `\'` for an escape, the parser here does not
        let at = stopped.and_then(|mark| usize::try_from(mark.index).ok());
        match at.filter(|at| bytes.get(*at..*at + 2) == Some(br"\'")) {
            Some(at) => drop(bytes.remove(at)),
            None => return document,
        }
    }
    None
}

struct Reader<'r, 'b> {
    parser: Parser<&'r mut &'b [u8]>,
    anchors: BTreeMap<String, (Rc<Node>, usize)>,
    nodes: usize,
    stopped: Option<Error>,
}

impl Reader<'_, '_> {
    fn document(&mut self) -> Option<Rc<Node>> {
        loop {
            match self.next()?.data {
                EventData::StreamEnd => return Some(Rc::new(Node::Scalar(Scalar::Null))),
                EventData::DocumentStart { .. } => {
                    let first = self.next()?;
                    let node = self.node(first, 0)?;
                    self.next()?;
                    return Some(node);
                }
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Option<Event> {
        self.parser.parse().map_err(|error| self.stopped = Some(error)).ok()
    }

    fn node(&mut self, event: Event, depth: usize) -> Option<Rc<Node>> {
        let before = self.nodes;
        self.nodes += 1;
        if depth > DEPTH_MAX || self.nodes > NODES_MAX {
            return None;
        }
        let (anchor, node) = match event.data {
            EventData::Alias { anchor } => {
                let (node, nodes) = self.anchors.get(&anchor)?;
                self.nodes += nodes;
                return Some(Rc::clone(node));
            }
            EventData::Scalar { anchor, tag, value, plain_implicit, .. } => {
                (anchor, Node::Scalar(Scalar::of(value, tag.as_deref(), plain_implicit)))
            }
            EventData::SequenceStart { anchor, .. } => (anchor, Node::List(self.list(depth)?)),
            EventData::MappingStart { anchor, .. } => (anchor, Node::Map(self.map(depth)?)),
            _ => return None,
        };
        let node = Rc::new(node);
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, (Rc::clone(&node), self.nodes - before));
        }
        Some(node)
    }

    fn list(&mut self, depth: usize) -> Option<Vec<Rc<Node>>> {
        let mut items = Vec::new();
        loop {
            let event = self.next()?;
            if event.data == EventData::SequenceEnd {
                return Some(items);
            }
            items.push(self.node(event, depth + 1)?);
        }
    }

    fn map(&mut self, depth: usize) -> Option<BTreeMap<String, Rc<Node>>> {
        let mut entries = BTreeMap::new();
        loop {
            let event = self.next()?;
            if event.data == EventData::MappingEnd {
                return Some(entries);
            }
            let merges = matches!(
                &event.data,
                EventData::Scalar { value, plain_implicit: true, .. } if value == "<<"
            );
            let key = self.node(event, depth + 1)?;
            let event = self.next()?;
            let value = self.node(event, depth + 1)?;
            match &*key {
                _ if merges => merge(&mut entries, &value),
                Node::Scalar(key) => drop(entries.insert(key.text()?, value)),
                Node::List(_) | Node::Map(_) => return None,
            }
        }
    }
}

/// Puts the entries of a map, or of several of which the first counts most, over what is there.
fn merge(entries: &mut BTreeMap<String, Rc<Node>>, value: &Node) {
    match value {
        Node::Map(more) => {
            entries.extend(more.iter().map(|(key, node)| (key.clone(), Rc::clone(node))));
        }
        Node::List(items) => items.iter().rev().for_each(|item| merge(entries, item)),
        Node::Scalar(_) => {}
    }
}
