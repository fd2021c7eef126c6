//! values.yaml: helm 3 reads its first document, helm 4 all of them.

use roadstead_chart::yaml::{self, Content, Invalid};

/// What helm, of either version, can't read. Each document is a map, or nothing.
pub(crate) fn check(bytes: &[u8]) -> Result<(), Invalid> {
    check_document(bytes, 0)?;
    let documents = split(bytes)?;
    // of a single one the check above has seen all
    if documents.len() < 2 {
        return Ok(());
    }
    documents.iter().try_for_each(|(line, document)| check_document(document, *line))
}

/// `line`: how many stand before it.
fn check_document(bytes: &[u8], line: u32) -> Result<(), Invalid> {
    let checked = if has_odd_tag(bytes) { Ok(()) } else { check_map(bytes) };
    checked.map_err(|invalid| Invalid { line: invalid.line + line, ..invalid })
}

fn check_map(bytes: &[u8]) -> Result<(), Invalid> {
    let document = yaml::parse(bytes)?;
    match &document.content {
        // helm turns all of it into JSON
        Content::Map(_) => match document.infinite_line() {
            Some(line) => Err(Invalid::new(
                line,
                "a value is infinite or not a number, which JSON does not have",
            )),
            None => Ok(()),
        },
        _ if document.is_null() => Ok(()),
        _ => Err(Invalid::new(document.line, "it is not a map")),
    }
}

/// Splits documents as helm 4 does: at lines that begin with three dashes, behind which only a
/// comment may stand.
fn split(bytes: &[u8]) -> Result<Vec<(u32, Vec<u8>)>, Invalid> {
    let mut documents = Vec::new();
    let (mut first, mut document) = (0, Vec::new());
    for (number, line) in (0_u32..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
        if let Some(rest) = line.strip_prefix(b"---") {
            if !matches!(rest.trim_ascii().first(), None | Some(b'#')) {
                return Err(Invalid::new(
                    number + 1,
                    "helm 4 accepts nothing after three dashes on the same line",
                ));
            }
            if !document.is_empty() {
                documents.push((first, std::mem::take(&mut document)));
            }
        }
        if document.is_empty() {
            first = number;
        }
        document.extend_from_slice(line);
    }
    documents.push((first, document));
    Ok(documents)
}

/// A tag with a comma in it, at which the parser stops with a panic.
fn has_odd_tag(bytes: &[u8]) -> bool {
    bytes.split(|byte| *byte == b'!').skip(1).any(|behind| {
        behind.iter().take_while(|byte| !byte.is_ascii_whitespace()).any(|byte| *byte == b',')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_split_as_helm_4_does() {
        let lines = |text: &str| {
            let documents = split(text.as_bytes());
            documents.map(|documents| documents.iter().map(|(line, _)| *line).collect::<Vec<_>>())
        };
        for (text, wanted) in [
            ("a: b\n", vec![0]),
            ("---\na: b\n", vec![0]),
            ("a: b\n--- # more\nc: d\n", vec![0, 1]),
            ("a: b\n---\n---\nc: d", vec![0, 1, 2]),
            ("", vec![0]),
        ] {
            assert_eq!(lines(text).unwrap(), wanted, "{text}");
        }
        assert_eq!(lines("a: b\n--- c\n").unwrap_err().line, 2);
    }

    #[test]
    fn a_tag_that_the_parser_panics_at_is_left_alone() {
        assert_eq!(check(b"{a: !tag, b: c}"), Ok(()));
        assert!(check(b"a: \"Hello!\"\nb: [").is_err());
    }
}
