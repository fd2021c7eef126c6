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
    pub(super) uid: i64,
    pub(super) gid: i64,
    pub(super) user: Vec<u8>,
    pub(super) group: Vec<u8>,
    pub(super) type_flag: u8,
    /// in the format before POSIX, in which a folder is known by its name
    pub(super) is_old: bool,
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
        // the time and, even where the format has none, the numbers of a device
        for field in [&block[136..148], &block[329..337], &block[337..345]] {
            number(field)?;
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
            uid: number(&block[108..116])?,
            gid: number(&block[116..124])?,
            user: text(&block[265..297]).to_vec(),
            group: text(&block[297..329]).to_vec(),
            type_flag: block[156],
            is_old: format == Format::Old,
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
    const UNCLEAR: &str = "a header whose name other readers read differently";
    let prefix = text(&block[345..500]);
    match format {
        Format::Posix => Ok(prefix),
        // Times and a true size may stand there, or nothing at all: some readers go by these, and
        // others take it for a prefix.
        Format::Old | Format::Gnu if block[345..500].iter().all(|byte| *byte == 0) => Ok(b""),
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

/// Octal digits; or, behind a first byte of 0x80 or 0xff, a binary number in two's complement.
fn number(field: &[u8]) -> Result<i64, &'static str> {
    let (fill, bytes) = match field {
        [0x80, bytes @ ..] => (0_u8, bytes),
        [0xff, bytes @ ..] => (0xff, bytes),
        _ => return octal(field),
    };
    let (filling, value) = bytes.split_at(bytes.len().saturating_sub(8));
    let start = i64::from(fill.cast_signed());
    let value = value.iter().fold(start, |value, byte| value << 8 | i64::from(*byte));
    let is_whole = filling.iter().all(|byte| *byte == fill) && (value < 0) == (fill != 0);
    is_whole.then_some(value).ok_or(WRONG)
}

/// Spaces, octal digits, and then nothing but spaces and NULs. Readers differ in what they make of
/// a NUL before the digits or among them, of a sign, and of anything behind them.
fn octal(field: &[u8]) -> Result<i64, &'static str> {
    let start = field.iter().position(|byte| *byte != b' ').unwrap_or(field.len());
    let digits = field[start..].split(|byte| matches!(byte, b' ' | 0)).next().unwrap_or_default();
    let rest = &field[start + digits.len()..];
    let is_octal = digits.iter().all(|byte| matches!(byte, b'0'..=b'7'));
    if !is_octal || rest.iter().any(|byte| !matches!(byte, b' ' | 0)) {
        return Err(WRONG);
    }
    // twelve digits have 36 bits
    Ok(digits.iter().fold(0, |value, digit| value << 3 | i64::from(digit - b'0')))
}

const WRONG: &str = "a header with a number that is invalid, or that other readers read \
                     differently";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_binary() {
        for (field, value) in [
            (&b"0000644\0"[..], Ok(0o644)),
            (b"00000644", Ok(0o644)),
            (b" 644 \0\0\0", Ok(0o644)),
            (b"\0\0\0\0", Ok(0)),
            (b"    ", Ok(0)),
            (b"777777777777", Ok(0o7777_7777_7777)),
            (b"\x80\0\0\0\0\0\0\0\0\0\x01\0", Ok(256)),
            (b"\x80\0\0\0\0\x2d\xc6\xc0", Ok(3_000_000)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe", Ok(-2)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xfe", Ok(-2)),
            (b"\x80\0\0\x80\0\0\0\0\0\0\0\0", Err(())),
            (b"\x80\0\0\0\x80\0\0\0\0\0\0\0", Err(())),
            (b"\xff\xff\xff\xff\x7f\0\0\0\0\0\0\0", Err(())),
            (b"\x81\0\0\0\0\0\0\x01", Err(())),
            (b"\xfe\xff\xff\xff\xff\xff\xff\xff", Err(())),
            (b"644\0x\0", Err(())),
            (b"\x00000644\0", Err(())),
            (b"00\x000644\0", Err(())),
            (b"0000648\0", Err(())),
            (b"+000644\0", Err(())),
            (b"06 44\0", Err(())),
        ] {
            assert_eq!(number(field).map_err(|_| ()), value, "{field:?}");
        }
    }
}
