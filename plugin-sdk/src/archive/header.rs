//! The 512 bytes before each entry.

/// Headers and data come in blocks.
pub(super) const BLOCK_BYTES: usize = 512;

/// What matters of a header.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) name: Vec<u8>,
    pub(super) link: Vec<u8>,
    pub(super) size: i64,
    pub(super) mode: i64,
    pub(super) type_flag: u8,
}

/// The dialects that differ in where things stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Old,
    Posix,
    Star,
    Gnu,
}

impl Header {
    /// Links, devices, folders and pipes have no data behind them.
    pub(super) fn is_without_data(&self) -> bool {
        matches!(self.type_flag, b'1'..=b'6')
    }

    pub(super) fn parse(block: &[u8; BLOCK_BYTES]) -> Result<Self, &'static str> {
        if !has_checksum(block) {
            return Err("a header without a valid checksum");
        }
        let format = format(block);
        let mut name = text(&block[..100]).to_vec();
        // owner, group and time
        for field in [&block[108..116], &block[116..124], &block[136..148]] {
            number(field)?;
        }
        if format != Format::Old {
            number(&block[329..337])?;
            number(&block[337..345])?;
        }
        let prefix = prefix(block, format)?;
        if !prefix.is_empty() {
            name = [prefix, b"/", &name].concat();
        }
        Ok(Self {
            name,
            link: text(&block[157..257]).to_vec(),
            size: number(&block[124..136])?,
            mode: number(&block[100..108])?,
            type_flag: block[156],
        })
    }
}

fn format(block: &[u8; BLOCK_BYTES]) -> Format {
    match &block[257..265] {
        [b'u', b's', b't', b'a', b'r', 0, ..] if &block[508..] == b"tar\0" => Format::Star,
        [b'u', b's', b't', b'a', b'r', 0, ..] => Format::Posix,
        b"ustar  \0" => Format::Gnu,
        _ => Format::Old,
    }
}

/// What stands before the name. Readers look for it in different dialects: where one would find
/// another name there than Go does, the header is refused.
fn prefix(block: &[u8; BLOCK_BYTES], format: Format) -> Result<&[u8], &'static str> {
    const UNCLEAR: &str = "a header whose name is another one to other readers";
    let prefix = text(&block[345..500]);
    match format {
        Format::Posix => Ok(prefix),
        // two times stand there, or nothing at all, and yet some readers take it for a prefix
        Format::Old | Format::Gnu if prefix.is_empty() => Ok(b""),
        Format::Star if prefix.len() <= 131 => {
            number(&block[476..488])?;
            number(&block[488..500])?;
            Ok(prefix)
        }
        _ => Err(UNCLEAR),
    }
}

/// Text up to the first NUL.
pub(super) fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// The sum of all bytes, with spaces in place of the sum itself; once it was made of signed ones.
fn has_checksum(block: &[u8; BLOCK_BYTES]) -> bool {
    let Ok(wanted) = octal(&block[148..156]) else { return false };
    let bytes = || {
        let spaces = 148..156;
        block
            .iter()
            .enumerate()
            .map(move |(i, byte)| if spaces.contains(&i) { b' ' } else { *byte })
    };
    let unsigned: i64 = bytes().map(i64::from).sum();
    let signed: i64 = bytes().map(|byte| i64::from(byte.cast_signed())).sum();
    wanted == unsigned || wanted == signed
}

/// Octal digits; or, where the first bit is set, a binary number in two's complement.
fn number(field: &[u8]) -> Result<i64, &'static str> {
    const WRONG: &str = "a header with an invalid number";
    let Some(first) = field.first().filter(|first| **first & 0x80 != 0) else {
        return octal(field);
    };
    let invert = if first & 0x40 == 0 { 0 } else { 0xff };
    let mut value = 0_u64;
    for (i, byte) in field.iter().enumerate() {
        let byte = byte ^ invert;
        let byte = if i == 0 { byte & 0x7f } else { byte };
        if value >> 56 != 0 {
            return Err(WRONG);
        }
        value = value << 8 | u64::from(byte);
    }
    let value = i64::try_from(value).map_err(|_| WRONG)?;
    Ok(if invert == 0 { value } else { !value })
}

fn octal(field: &[u8]) -> Result<i64, &'static str> {
    const WRONG: &str = "a header with an invalid number";
    let is_padding = |byte: &u8| matches!(byte, b' ' | 0);
    let Some(start) = field.iter().position(|byte| !is_padding(byte)) else { return Ok(0) };
    let end = field.iter().rposition(|byte| !is_padding(byte)).map_or(start, |last| last + 1);
    let digits = text(&field[start..end]);
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(WRONG);
    }
    let digits = std::str::from_utf8(digits).map_err(|_| WRONG)?;
    u64::from_str_radix(digits, 8).map(u64::cast_signed).map_err(|_| WRONG)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_binary() {
        for (field, value) in [
            (&b"0000644\0"[..], Ok(0o644)),
            (b" 644 \0\0\0", Ok(0o644)),
            (b"\0\0\0\0", Ok(0)),
            (b"644\0x\0", Ok(0o644)),
            (b"\x80\0\0\0\0\0\0\0\0\0\x01\0", Ok(256)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe", Ok(-2)),
            (b"\x80\0\0\x80\0\0\0\0\0\0\0\0", Err(())),
            (b"0000648\0", Err(())),
            (b"+000644\0", Err(())),
            (b"06 44\0", Err(())),
        ] {
            assert_eq!(number(field).map_err(|_| ()), value, "{field:?}");
        }
    }
}
