//! Archives of every kind, read in pieces of every size.

use std::io::Read;

use roadstead_plugin_sdk::{
    Failure,
    archive::{Archive, ArchiveError, Kind, Limits, Tail},
    content::ReadError,
    gzip::{self, Gunzip},
    testing::{Tar, TarHeader},
};

/// Gives at most as many bytes at once.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let len = buffer.len().min(self.1);
        self.0.read(&mut buffer[..len])
    }
}

type Seen = (String, Kind, u64, Vec<u8>);

fn read(bytes: &[u8], piece: usize) -> Result<(Vec<Seen>, Tail), ArchiveError> {
    let mut archive = Archive::new(Pieces(bytes, piece), Limits::default());
    let mut seen = Vec::new();
    while let Some(mut entry) = archive.next_entry()? {
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        seen.push((entry.path().to_owned(), entry.kind(), entry.size(), content));
    }
    Ok((seen, archive.finish()?))
}

/// Reads in pieces of many sizes, which must not matter.
fn entries(tar: &Tar) -> Result<(Vec<Seen>, Tail), String> {
    let whole = read(tar.bytes(), usize::MAX).map_err(|error| error.to_string());
    for piece in [1, 7, 511, 512, 513] {
        assert_eq!(read(tar.bytes(), piece).map_err(|error| error.to_string()), whole);
    }
    whole
}

fn names(tar: &Tar) -> Vec<String> {
    let (seen, _) = entries(tar).expect("it is an archive");
    seen.into_iter().map(|(name, ..)| name).collect()
}

#[test]
fn entries_come_in_order_with_their_content() {
    let tar = Tar::new()
        .entry("a/", b'5', b"")
        .file("a/empty", "")
        .file("a/one", "x".repeat(1000))
        .entry("a/link", b'2', b"")
        .entry("a/old", 0, b"old")
        .entry("a/strange", b'Z', b"")
        .end();
    let (seen, tail) = entries(&tar).unwrap();
    let kinds: Vec<_> = seen.iter().map(|(_, kind, ..)| *kind).collect();
    let strange = Kind::Other(b'Z');
    assert_eq!(
        kinds,
        [Kind::Directory, Kind::File, Kind::File, Kind::Symlink, Kind::File, strange]
    );
    assert_eq!(seen[2], ("a/one".to_owned(), Kind::File, 1000, vec![b'x'; 1000]));
    assert_eq!(seen[4].3, b"old");
    assert_eq!(tail, Tail::Nothing);
}

#[test]
fn what_is_not_read_is_skipped() {
    let tar = Tar::new().file("a", "x".repeat(70_000)).file("b", "y").end();
    let mut archive = Archive::new(tar.bytes(), Limits::default());
    assert_eq!(archive.next_entry().unwrap().unwrap().path(), "a");
    let mut entry = archive.next_entry().unwrap().unwrap();
    let mut content = String::new();
    entry.read_to_string(&mut content).unwrap();
    assert_eq!((entry.path(), content.as_str()), ("b", "y"));
    assert!(archive.next_entry().unwrap().is_none());
    assert!(archive.next_entry().unwrap().is_none());
}

#[test]
fn names_may_be_long() {
    let long = "d/".repeat(100) + "file";
    let pax = Tar::new().pax("path", &long).file("short", "x").file("next", "");
    assert_eq!(names(&pax.end()), [long.as_str(), "next"]);
    let gnu = Tar::new().entry("././@LongLink", b'L', long.as_bytes()).file("short", "x");
    assert_eq!(names(&gnu.file("next", "").end()), [long.as_str(), "next"]);
    let other = Tar::new().entry("x", b'L', b"gnu\0").pax("mtime", "1").file("short", "");
    assert_eq!(names(&other.end()), ["gnu"]);
}

#[test]
fn a_header_for_all_entries_may_hold_a_comment() {
    let tar = Tar::new().entry("pax", b'g', b"13 comment=x\n").pax("path", "a").file("b", "");
    assert_eq!(names(&tar.clone().end()), ["", "a"]);
    assert_eq!(entries(&tar.end()).unwrap().0[0].1, Kind::GlobalHeader);
}

/// Python's tarfile, libarchive, GNU tar and Rust's tar do not agree with Go, or with each other,
/// on any of these.
#[test]
fn what_readers_take_differently_is_refused() {
    let one = || Tar::new().pax("path", "b");
    let gnu = |name: &[u8]| Tar::new().entry("././@LongLink", b'L', name);
    let link = |tar: Tar| tar.entry("././@LongLink", b'K', b"x").pax("linkpath", "y");
    let hidden = Tar::new().file("hidden", "");
    let global = |record: &[u8]| Tar::new().entry("pax", b'g', record);
    for (tar, what) in [
        (global(b"10 path=x\n").file("a", ""), "a PAX header for all entries with more than a c"),
        (global(b"13 comment=x\n8 uid=1\n").file("a", ""), "with more than a comment"),
        (one().entry("pax", b'g', b"13 comment=x\n").file("a", ""), "between one and its own"),
        (gnu(b"b").entry("pax", b'g', b"").file("a", ""), "between one and its own"),
        (one().pax("mtime", "1").file("a", ""), "a second header of its kind"),
        (gnu(b"b").entry("././@LongLink", b'L', b"c").file("a", ""), "a second header of its kind"),
        (
            gnu(b"b").pax("path", "c").file("a", ""),
            "a is an entry with a long name in GNU format and",
        ),
        (one().entry("././@LongLink", b'L', b"c").file("a", ""), "a is an entry with a long name"),
        (
            link(Tar::new()).entry("a", b'2', b""),
            "a is an entry with a long name in GNU format and",
        ),
        (gnu(b"").file("a", ""), "a GNU long name that is empty"),
        (gnu(b"b\0c").file("a", ""), "continues after its end"),
        (Tar::new().pax("path", "").file("a", ""), "a is an entry with an empty PAX record"),
        (Tar::new().pax("size", "").file("a", ""), "a is an entry with an empty PAX record"),
        (
            Tar::new().pax("size", "512").file("a", "").raw(hidden.bytes()),
            "a is an entry with one si",
        ),
        (Tar::new().pax("size", "0").file("a", "x"), "a is an entry with one size"),
        (Tar::new().entry("a/", b'5', b"x"), "a/ is a folder, link or device with content"),
        (Tar::new().entry("a/", 0, b"x"), "a/ is a folder, link or device with content"),
        (Tar::new().entry("a", b'1', b"x"), "a is a folder, link or device with content"),
        (Tar::new().file("a/", ""), "a/ is a file with the name of a folder"),
        (Tar::new().file("a/.", "x"), "a/. is a file with the name of a folder"),
        (Tar::new().file("a/./..", "x"), "a/./.. is a file with the name of a folder"),
        (Tar::new().pax("path", "b/").file("a", ""), "b/ is a file with the name of a folder"),
        (Tar::new().pax("GNU.sparse.major", "1").file("a", "x"), "a is a sparse file"),
        (Tar::new().entry("s", b'S', b""), "s is a sparse file"),
        (Tar::new().pax("SCHILY.realsize", "1").file("a", "x"), "a is a sparse file"),
        (Tar::new().link("a", b'0', "b"), "a is a file with the target of a link"),
        (Tar::new().link("a/", b'5', "b"), "a/ is a file with the target of a link"),
        (Tar::new().pax("linkpath", "b").file("a", ""), "a is a file with the target of a link"),
        (
            Tar::new().entry("././@LongLink", b'K', b"b").file("a", ""),
            "a is a file with the target of a link",
        ),
        (Tar::new().entry("a/", 0, b""), "a/ is a folder that does not have the type of a folder"),
        (gnu(b"b").entry("a/", 0, b""), "b is a file by one of its names and a folder"),
    ] {
        let error = read(tar.file("next", "").end().bytes(), usize::MAX).unwrap_err();
        assert!(matches!(error, ArchiveError::Unsupported { .. }), "{error}, not {what}");
        assert!(error.to_string().contains(what), "{error}, not {what}");
    }
}

#[test]
fn a_pax_size_counts_where_the_header_has_no_room_for_it() {
    let tar = Tar::new().pax("size", "3").file("a", "one").end();
    assert_eq!(names(&tar), ["a"]);
    let large = (8_u64 << 30).to_string();
    let tar = Tar::new().pax("size", &large).file("a", "").end();
    let mut archive = Archive::new(tar.bytes(), Limits::default());
    assert_eq!(archive.next_entry().unwrap().unwrap().size(), 8 << 30);
}

#[test]
fn a_name_has_its_prefix_in_one_dialect_only() {
    let with = |at: usize, text: &[u8], magic: &[u8]| {
        let mut block = Tar::new().file("name", "").bytes().to_vec();
        block[at..at + text.len()].copy_from_slice(text);
        block[257..257 + magic.len()].copy_from_slice(magic);
        entries(&Tar::new().raw(&summed(block))).map(|(seen, _)| seen[0].0.clone())
    };
    assert_eq!(with(345, b"prefix", b"ustar\x0000"), Ok("prefix/name".to_owned()));
    assert_eq!(with(345, b"", b"ustar  \0"), Ok("name".to_owned()));
    for magic in [&b"ustar  \0"[..], &[0; 8]] {
        for (at, text) in [(345, &b"prefix"[..]), (345, b"00000000001\0"), (483, b"00000000001\0")]
        {
            assert!(with(at, text, magic).unwrap_err().contains("other readers read differently"));
        }
    }
}

#[test]
fn an_archive_ends_with_zeros_or_with_nothing() {
    let file = Tar::new().file("a", "x");
    for end in [&[][..], &[0; 512], &[0; 1024], &[0; 9000]] {
        let (seen, tail) = entries(&file.clone().raw(end)).unwrap();
        assert_eq!((seen.len(), tail), (1, Tail::Nothing), "{} zeros", end.len());
    }
    assert_eq!(entries(&Tar::new()), Ok((vec![], Tail::Nothing)));
}

#[test]
fn what_follows_the_end_is_told() {
    let file = Tar::new().file("a", "x");
    let second = file.clone().end().raw(file.bytes());
    assert_eq!(entries(&second).unwrap().1, Tail::Data { offset: 2048 });
    let late = file.end().raw(&[0; 5000]).raw(b"x");
    assert_eq!(entries(&late).unwrap().1, Tail::Data { offset: 7048 });
}

#[test]
fn what_is_no_archive_is_an_error() {
    let file = Tar::new().file("a", "x");
    let [cut_header, cut_file] = [&file.bytes()[..300], &file.bytes()[..512]];
    let mut wrong_sum = file.bytes().to_vec();
    wrong_sum[0] = b'b';
    for (bytes, why) in [
        (cut_header, "it ends within a header"),
        (cut_file, "it ends within a file"),
        (&file.bytes()[..513], "it ends within the padding of a file"),
        (&wrong_sum, "a header without a valid checksum"),
        (&[7; 512], "a header without a valid checksum"),
        (file.clone().raw(&[0; 512]).raw(file.bytes()).bytes(), "after a single block of zeros"),
        (
            Tar::new().entry("x", b'x', b"9 a=b\n").raw(file.bytes()).bytes(),
            "an invalid PAX header",
        ),
        (Tar::new().pax("mtime", "soon").raw(file.bytes()).bytes(), "an invalid PAX header"),
        (Tar::new().pax("size", "-1").raw(file.bytes()).bytes(), "an invalid PAX header"),
        (Tar::new().pax("size", "+1").raw(file.bytes()).bytes(), "an invalid PAX header"),
        (Tar::new().pax(" path", "x").raw(file.bytes()).bytes(), "an invalid PAX header"),
        (Tar::new().raw(&with_size(&[0xff; 12])).bytes(), "a negative size"),
        (Tar::new().entry("x", b'L', &vec![b'x'; 2 << 20]).bytes(), "more than 1 MiB"),
    ] {
        let error = entries(&Tar::new().raw(bytes)).unwrap_err();
        assert!(error.contains(why), "{error}, not {why}");
    }
}

/// A header with another size, and a sum that fits.
fn with_size(size: &[u8]) -> Vec<u8> {
    let mut block = Tar::new().file("a", "").bytes().to_vec();
    block[124..136].copy_from_slice(size);
    summed(block)
}

fn summed(mut block: Vec<u8>) -> Vec<u8> {
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

#[test]
fn archives_are_bounded() {
    let tar = Tar::new().file("a", "").file("b", "x".repeat(5000)).end();
    let walk = |limits| {
        let mut archive = Archive::new(tar.bytes(), limits);
        while archive.next_entry()?.is_some() {}
        archive.finish()
    };
    let fits = Limits { bytes_max: tar.bytes().len() as u64, entries_max: 2 };
    assert!(walk(fits).is_ok());
    for limits in [Limits { bytes_max: 5000, ..fits }, Limits { entries_max: 1, ..fits }] {
        assert!(matches!(walk(limits), Err(ArchiveError::TooLarge { .. })));
    }
    // what follows the end counts as well
    assert!(walk(Limits { bytes_max: fits.bytes_max - 1, ..fits }).is_err());
}

#[test]
fn an_archive_inside_of_an_archive_is_walked_where_it_lies() {
    let inner = Tar::new().file("web/Chart.yaml", "name: web").gzip();
    let halves = inner.split_at(inner.len() / 2);
    let outer = Tar::new().file("a.tgz", &inner).file("cut.tgz", halves.0).file("b", "x").end();
    let mut archive = Archive::new(outer.bytes(), Limits::default());
    let entry = archive.next_entry().unwrap().unwrap();
    let mut charts = Archive::new(Gunzip::new(entry, gzip::Limits::default()), Limits::default());
    let mut chart = charts.next_entry().unwrap().unwrap();
    let mut text = String::new();
    chart.read_to_string(&mut text).unwrap();
    assert_eq!((chart.path(), text.as_str()), ("web/Chart.yaml", "name: web"));
    assert!(charts.next_entry().unwrap().is_none());
    assert_eq!(charts.finish().unwrap(), Tail::Nothing);
    let cut = archive.next_entry().unwrap().unwrap();
    let mut charts = Archive::new(Gunzip::new(cut, gzip::Limits::default()), Limits::default());
    let error = charts.next_entry().map(|_| ()).and_then(|()| charts.finish()).unwrap_err();
    assert!(matches!(error, ArchiveError::Read(_)), "{error}");
    assert_eq!(archive.next_entry().unwrap().unwrap().path(), "b");
}

#[test]
fn gzip_is_bounded_in_bytes_and_in_ratio() {
    let decode = |bytes: &[u8], limits| {
        let mut decoded = Gunzip::new(bytes, limits);
        let error = std::io::copy(&mut decoded, &mut std::io::sink()).unwrap_err();
        ReadError::of(&error)
    };
    let limits = gzip::Limits::default();
    let zeros = roadstead_plugin_sdk::testing::gzip(&vec![0; 8 << 20]);
    let strict = gzip::Limits { ratio_max: 10, ..limits };
    assert!(
        matches!(decode(&zeros, strict), ReadError::TooLarge(what) if what.contains("10 times"))
    );
    let short = gzip::Limits { bytes_max: 5 << 20, ..limits };
    assert!(matches!(decode(&zeros, short), ReadError::TooLarge(what) if what.contains("bytes")));
    let trailing = [&roadstead_plugin_sdk::testing::gzip(b"x")[..], b"garbage"].concat();
    assert!(matches!(decode(&trailing, limits), ReadError::Encoding(_)));
    assert!(matches!(decode(b"plain", limits), ReadError::Encoding(_)));
}

#[test]
fn an_entry_says_whose_it_is_and_what_may_be_done_with_it() {
    let header = TarHeader {
        mode: 0o104_755,
        uid: 7,
        gid: 3_000_000,
        user: "me",
        group: "us",
        ..TarHeader::new("run", b'0')
    };
    let overridden = Tar::new()
        .pax("uid", "8")
        .entry("././@LongLink", b'L', b"other")
        .add(&TarHeader { user: "", ..header }, b"");
    let tar = Tar::new().add(&header, b"#!").link("link", b'2', "run").raw(overridden.bytes());
    let mut archive = Archive::new(tar.bytes(), Limits::default());
    let entry = archive.next_entry().unwrap().unwrap();
    assert_eq!((entry.mode(), entry.uid(), entry.gid()), (0o4755, 7, 3_000_000));
    assert_eq!((entry.user(), entry.group(), entry.link()), ("me", "us", ""));
    let entry = archive.next_entry().unwrap().unwrap();
    assert_eq!((entry.kind(), entry.link(), entry.mode()), (Kind::Symlink, "run", 0o644));
    let entry = archive.next_entry().unwrap().unwrap();
    assert_eq!((entry.path(), entry.uid(), entry.user()), ("other", 8, ""));
}

#[test]
fn what_can_t_be_read_is_a_failure_by_a_question_mark() {
    let failure = |error: std::io::Error| Failure::from(error);
    let cut = Archive::new(&[1_u8; 512][..], Limits::default()).next_entry().unwrap_err();
    let text = cut.to_string();
    assert!(matches!(Failure::from(cut), Failure::Internal(why) if why == text));
    let cut = Archive::new(&[1_u8; 512][..], Limits::default()).next_entry().unwrap_err();
    assert!(matches!(failure(cut.into()), Failure::Internal(why) if why == text));
    let budget = ArchiveError::from(ReadError::Budget);
    assert!(matches!(Failure::from(budget), Failure::Unavailable(_)));
    assert!(matches!(failure(ReadError::Io("x".to_owned()).into()), Failure::Unavailable(_)));
    assert!(matches!(failure(std::io::Error::other("x")), Failure::Internal(_)));
}

fn ungzipped(bytes: &[u8]) -> Result<Vec<u8>, ReadError> {
    let mut found = Vec::new();
    let mut decoder = Gunzip::new(Pieces(bytes, 7), gzip::Limits::default());
    let read = decoder.read_to_end(&mut found);
    read.map(|_| found).map_err(|error| ReadError::of(&error))
}

/// A member with flags and what they announce.
fn member(flags: u8, fields: &[u8]) -> Vec<u8> {
    let plain = roadstead_plugin_sdk::testing::gzip(b"x");
    [&[0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 255], fields, &plain[10..]].concat()
}

#[test]
fn each_member_of_gzip_has_a_header_that_go_reads() {
    const SUM: u8 = 2;
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    let text = |len: usize| [&b"n".repeat(len)[..], &[0]].concat();
    let long = "a name or comment of more than 511 bytes";
    let (fits, over) = (text(511), text(512));
    for (flags, fields, error) in [
        (0, Vec::new(), None),
        (NAME, fits.clone(), None),
        (NAME | COMMENT, [&fits[..], &fits].concat(), None),
        (EXTRA, [&[0, 2][..], &[9; 512]].concat(), None),
        (EXTRA | COMMENT, [&[1, 0, 7][..], b"Helm\0"].concat(), None),
        (NAME, over.clone(), Some(long)),
        (COMMENT, over.clone(), Some(long)),
        (NAME | COMMENT, [&fits[..], &over].concat(), Some(long)),
        (0x20, Vec::new(), Some("flags that gzip does not know")),
        (SUM, vec![1, 2], Some("the checksum of a header is wrong")),
    ] {
        let odd = member(flags, &fields);
        let [plain, empty] = [member(0, &[]), roadstead_plugin_sdk::testing::gzip(b"")];
        for (bytes, content) in [
            (odd.clone(), "x"),
            ([&plain[..], &odd].concat(), "xx"),
            ([&empty[..], &plain, &odd].concat(), "xx"),
        ] {
            match (ungzipped(&bytes), error) {
                (Ok(found), None) => assert_eq!(found, content.as_bytes()),
                (Err(ReadError::Encoding(why)), Some(error)) => assert!(why.contains(error)),
                (found, _) => panic!("{flags} {}: {found:?}", fields.len()),
            }
        }
    }
    let plain = member(0, &[]);
    for wrong in [
        &b""[..],
        b"x",
        &plain[..9],
        &plain[..plain.len() - 1],
        &[&plain[..], b"x"].concat(),
        &[&plain[..], &[0; 9]].concat(),
        &[&plain[..plain.len() - 8], &[1; 8]].concat(),
        &[&[0x1f, 0x8b, 7], &plain[3..]].concat(),
    ] {
        assert!(matches!(ungzipped(wrong), Err(ReadError::Encoding(_))), "{wrong:?}");
    }
}
