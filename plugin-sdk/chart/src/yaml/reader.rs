//! From the parser's events to values, within bounds.

use std::{collections::BTreeMap, rc::Rc};

use libyaml_safer::{Error, ErrorKind, Event, EventData, Parser, ScalarStyle};

use super::{
    Content, Invalid, Node,
    escape::{self, Escaped, Rewritten, TEXTS_MAX},
    merge::{is_merge, merge},
    scalar::{Scalar, key_text},
};

/// The most bytes of a document.
pub const BYTES_MAX: usize = 1 << 20;
/// Values in a document, with those behind aliases.
const NODES_MAX: usize = 20_000;
/// Bytes of text behind aliases: each costs a copy.
const ALIASED_BYTES_MAX: usize = 4 << 20;
const DEPTH_MAX: usize = 64;

/// U+FEFF, which some readers skip at the start of any line. Whoever calls [`parse`] has removed
/// the one before the document.
const MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// Reads the first document, which is all that helm reads. An empty one is null.
pub fn parse(bytes: &[u8]) -> Result<Rc<Node>, Invalid> {
    check_length(bytes)?;
    if bytes.windows(MARK.len()).any(|window| window == MARK) {
        return Err(Invalid::unread(0, "it has a byte order mark that is not at its start"));
    }
    if utf16(bytes).is_some() {
        return Err(Invalid::unread(0, "it is not UTF-8"));
    }
    parse_utf8(bytes)
}

/// Reads the first document as [`parse`] does, and also UTF-16, which other readers might refuse.
pub fn parse_any(bytes: &[u8]) -> Result<Rc<Node>, Invalid> {
    check_length(bytes)?;
    match utf16(bytes) {
        Some(text) => parse_utf8(text.as_bytes()),
        None => parse_utf8(bytes),
    }
}

fn check_length(bytes: &[u8]) -> Result<(), Invalid> {
    match bytes.len() > BYTES_MAX {
        true => Err(Invalid::unread(0, format_args!("it has more than {BYTES_MAX} bytes"))),
        false => Ok(()),
    }
}

/// The text of UTF-16 with its byte order mark.
fn utf16(bytes: &[u8]) -> Option<String> {
    let (unit, bytes): (fn([u8; 2]) -> u16, _) = match bytes {
        [0xff, 0xfe, bytes @ ..] => (u16::from_le_bytes, bytes),
        [0xfe, 0xff, bytes @ ..] => (u16::from_be_bytes, bytes),
        _ => return None,
    };
    let units = bytes.chunks(2).map(|pair| unit([pair[0], pair.get(1).copied().unwrap_or(0)]));
    Some(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
}

fn parse_utf8(bytes: &[u8]) -> Result<Rc<Node>, Invalid> {
    // The parser panics where a text or an escape ends with the document. So a line ends there,
    // and is taken from the text again.
    let last_line = bytes
        .rsplit(|byte| *byte == b'\n')
        .next()
        .filter(|line| !line.is_empty())
        .map(<[u8]>::to_vec);
    let bytes = [bytes, if last_line.is_some() { b"\n" } else { b"" }].concat();
    let mut escaped = Escaped::new(&bytes);
    loop {
        let (read, stopped) = read(escaped.bytes(), last_line.as_deref());
        match stopped.map_or(Rewritten::No, |error| escaped.rewrite(&error)) {
            Rewritten::No => return read,
            Rewritten::Yes => {}
            Rewritten::TooMany => {
                let why = format_args!("it has the escape \\' in more than {TEXTS_MAX} texts");
                return Err(Invalid::unread(0, why));
            }
        }
    }
}

/// Reads the first document, and answers where the parser stopped, if it did.
fn read(source: &[u8], last_line: Option<&[u8]>) -> (Result<Rc<Node>, Invalid>, Option<Error>) {
    let mut input = source;
    let mut parser = Parser::new();
    parser.set_input_string(&mut input);
    let mut reader = Reader {
        parser,
        stopped: None,
        source,
        last_line,
        anchors: BTreeMap::new(),
        nodes: 0,
        aliased: 0,
    };
    let document = reader.document();
    (document, reader.stopped)
}

struct Reader<'r, 'b> {
    parser: Parser<&'r mut &'b [u8]>,
    /// what the parser said when it stopped
    stopped: Option<Error>,
    source: &'b [u8],
    /// the last line, if its end was added
    last_line: Option<&'b [u8]>,
    /// none: the value that the anchor stands before is not complete yet
    anchors: BTreeMap<String, Option<Rc<Node>>>,
    nodes: usize,
    /// bytes
    aliased: usize,
}

impl Reader<'_, '_> {
    fn document(&mut self) -> Result<Rc<Node>, Invalid> {
        loop {
            let event = self.next()?;
            match event.data {
                EventData::StreamEnd => return Ok(Rc::new(Node::null(1))),
                EventData::DocumentStart { version_directive, .. } => {
                    if version_directive
                        .is_some_and(|version| (version.major, version.minor) != (1, 1))
                    {
                        return Err(Invalid::new(
                            1,
                            "it has a directive for a YAML version other than 1.1",
                        ));
                    }
                    let first = self.next()?;
                    let node = self.node(first, 0)?;
                    // what makes the document's end invalid makes the document so
                    self.next()?;
                    return Ok(node);
                }
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Result<Event, Invalid> {
        self.parser.parse().map_err(|error| {
            let line = error.problem_mark().map_or(0, |mark| line(mark.line));
            let invalid = match error.kind() {
                ErrorKind::Reader | ErrorKind::Io => {
                    Invalid::new(0, "it has control characters, or is not UTF-8")
                }
                _ => Invalid::new(line, format_args!("it is not valid YAML ({})", error.problem())),
            };
            self.stopped = Some(error);
            invalid
        })
    }

    fn node(&mut self, event: Event, depth: usize) -> Result<Rc<Node>, Invalid> {
        let line = line(event.start_mark.line);
        if depth > DEPTH_MAX {
            let why = format_args!("it is nested deeper than {DEPTH_MAX} levels");
            return Err(Invalid::unread(line, why));
        }
        self.count(1, line)?;
        let (anchor, content) = match event.data {
            EventData::Alias { anchor } => return self.alias(&anchor, line),
            EventData::Scalar { anchor, tag, value: mut text, plain_implicit, style, .. } => {
                if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded)
                    && event.end_mark.index == self.source.len() as u64
                {
                    self.take_added_end(&mut text);
                }
                if style == ScalarStyle::DoubleQuoted {
                    let (start, end) = (event.start_mark.index, event.end_mark.index);
                    escape::check(self.source, start..end)
                        .map_err(|why| Invalid::new(line, why))?;
                }
                let value = Scalar::resolve(&text, tag.as_deref(), plain_implicit);
                let value = value.map_err(|why| Invalid::new(line, why))?;
                (anchor, Content::Scalar { text, value })
            }
            EventData::SequenceStart { anchor, .. } => {
                self.begin(anchor.as_deref());
                (anchor, Content::List(self.list(depth)?))
            }
            EventData::MappingStart { anchor, .. } => {
                self.begin(anchor.as_deref());
                (anchor, Content::Map(self.map(depth)?))
            }
            _ => return Err(Invalid::new(line, "it ends within a value")),
        };
        let node = Rc::new(Node::new(line, content));
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, Some(Rc::clone(&node)));
        }
        Ok(node)
    }

    /// Undoes what the added line end did to a block of text, if the last line is in it.
    fn take_added_end(&self, text: &mut String) {
        let (Some(last_line), Some(rest)) = (self.last_line, text.strip_suffix('\n')) else {
            return;
        };
        let content = last_line.trim_ascii_start();
        let last = rest.rsplit('\n').next().unwrap_or_default().as_bytes();
        let is_there = match content {
            [] => last_line.ends_with(last),
            content => last.ends_with(content),
        };
        if is_there {
            text.pop();
        }
    }

    fn begin(&mut self, anchor: Option<&str>) {
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor.to_owned(), None);
        }
    }

    fn alias(&mut self, anchor: &str, line: u32) -> Result<Rc<Node>, Invalid> {
        match self.anchors.get(anchor) {
            Some(Some(node)) => {
                let node = Rc::clone(node);
                self.count(node.nodes, line)?;
                self.aliased += node.bytes;
                if self.aliased > ALIASED_BYTES_MAX {
                    let why =
                        format_args!("its aliases stand for more than {ALIASED_BYTES_MAX} bytes");
                    return Err(Invalid::unread(line, why));
                }
                Ok(node)
            }
            Some(None) => Err(Invalid::new(line, "an alias is inside the value that it refers to")),
            None => Err(Invalid::new(line, "an alias refers to nothing")),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Rc<Node>>, Invalid> {
        let mut items = Vec::new();
        loop {
            let event = self.next()?;
            if event.data == EventData::SequenceEnd {
                return Ok(items);
            }
            items.push(self.node(event, depth + 1)?);
        }
    }

    fn map(&mut self, depth: usize) -> Result<BTreeMap<String, Rc<Node>>, Invalid> {
        let mut entries = BTreeMap::new();
        loop {
            let event = self.next()?;
            if event.data == EventData::MappingEnd {
                return Ok(entries);
            }
            let merges = is_merge(&event.data);
            let key = self.node(event, depth + 1)?;
            let event = self.next()?;
            let value = self.node(event, depth + 1)?;
            if merges {
                merge(&mut entries, &value)?;
            } else {
                let name = key_text(&key).map_err(|why| Invalid::new(key.line, why))?;
                entries.insert(name, value);
            }
        }
    }

    fn count(&mut self, nodes: usize, line: u32) -> Result<(), Invalid> {
        self.nodes += nodes;
        if self.nodes > NODES_MAX {
            return Err(Invalid::unread(line, format_args!("it has more than {NODES_MAX} values")));
        }
        Ok(())
    }
}

fn line(mark: u64) -> u32 {
    u32::try_from(mark).unwrap_or(u32::MAX).saturating_add(1)
}
