"""Archives whose headers were changed, one field at a time, by the name of the change."""

from block import CHART, CONTENT, END, FIELDS, MAGICS, chart, file, gnu, gzipped, header, pax, record

TARGET = b"web/Chart.yaml"


def encodings(value, width):
    """Ways to write a number into a field, of which readers take some differently."""
    return [(how, written) for how, written in written_as(value, width) if len(written) <= width]


def written_as(value, width):
    digits = b"%o" % value
    zeros = b"%0*o" % (width - 1, value)
    binary = value.to_bytes(width - 1, "big")
    room = width - len(digits)
    yield "full width", b"%0*o" % (width, value)
    yield "NUL at the end", zeros + b"\0"
    yield "space at the end", zeros + b" "
    yield "space and NUL at the end", zeros[1:] + b" \0"
    yield "NUL and space at the end", zeros[1:] + b"\0 "
    yield "spaces before", digits.rjust(width - 1) + b"\0"
    yield "spaces before, full width", digits.rjust(width)
    yield "NULs before", digits.rjust(width - 1, b"\0") + b"\0"
    yield "NULs before, full width", digits.rjust(width, b"\0")
    yield "a NUL before", b"\0" + zeros[1:] + b"\0"
    yield "a space and a NUL before", b" \0" + zeros[2:] + b"\0"
    yield "a NUL and a space before", b"\0 " + zeros[2:] + b"\0"
    yield "a tab before", b"\t" + zeros[1:] + b"\0"
    yield "a newline before", b"\n" + zeros[1:] + b"\0"
    yield "a form feed before", b"\f" + zeros[1:] + b"\0"
    yield "a NUL among zeros", b"0\0" + zeros[2:] + b"\0"
    yield "a NUL behind the first digit", (digits[:1] + b"\0" + digits[1:]).ljust(width, b"\0")
    yield "a NUL before the last digit", zeros[1:-1] + b"\0" + zeros[-1:] + b"\0"
    yield "a space among zeros", b"0 " + zeros[2:] + b"\0"
    yield "a space before the last digit", zeros[1:-1] + b" " + zeros[-1:] + b"\0"
    yield "digits alone", digits.ljust(width, b"\0")
    yield "digits and spaces", digits.ljust(width)
    if room >= 3:
        yield "letters behind a NUL", (digits + b"\0xy").ljust(width, b"\0")
        yield "digits behind a NUL", (digits + b"\x007").ljust(width, b"\0")
        yield "digits behind a space", (digits + b" 7").ljust(width, b"\0")
        yield "letters behind a space", (digits + b" x").ljust(width, b"\0")
        yield "letters behind digits", (digits + b"x").ljust(width, b"\0")
        yield "a line behind digits", (digits + b"\n").ljust(width, b"\0")
        yield "a high byte behind digits", (digits + b"\xb2").ljust(width, b"\0")
        yield "a comma behind digits", (digits + b",5").ljust(width, b"\0")
    yield "digits 8 and 9", b"8" + zeros[1:] + b"\0"
    yield "a 9 at the end", zeros[1:-1] + b"9\0 "
    yield "a plus", b"+" + zeros[1:] + b"\0"
    yield "a minus", b"-" + zeros[1:] + b"\0"
    yield "a plus behind spaces", (b"+" + digits).rjust(width - 1) + b"\0"
    yield "0x", b"0x" + zeros[2:] + b"\0"
    yield "0o", b"0o" + zeros[2:] + b"\0"
    yield "an underscore", b"0_" + zeros[2:] + b"\0"
    yield "letters", b"x" * width
    yield "nothing but NULs", b"\0" * width
    yield "nothing but spaces", b" " * width
    yield "spaces and a NUL", b" " * (width - 1) + b"\0"
    yield "NULs and letters", b"\0" * (width - 2) + b"xy"
    yield "all sevens", b"7" * width
    for first in (0x80, 0x81, 0x82, 0x8f, 0xa0, 0xbf, 0xc0, 0xc1, 0xe0, 0xfe, 0xff):
        yield f"binary, {first:#x}", bytes([first]) + binary
    inverted = (-value & (1 << 8 * (width - 1)) - 1).to_bytes(width - 1, "big")
    yield "binary, negative", b"\xff" + inverted
    yield "binary, top bit of the rest", b"\x80\x80" + binary[1:]
    if width > 9:
        yield "binary, bit 63", b"\x80" + (1 << 63 | value).to_bytes(width - 1, "big")
        yield "binary, bit 64", b"\x80" + (1 << 64 | value).to_bytes(width - 1, "big")
        yield "binary, bit 80", b"\x80" + (1 << 80 | value).to_bytes(width - 1, "big")
    yield "binary behind a space", b" \x80" + binary[1:]


# By field: its value in a good header, and the dialects in which it stands.
NUMBERS = {
    "mode": (0o644, ["posix"]),
    "uid": (0o1750, ["posix", "gnu"]),
    "gid": (0o1750, ["old"]),
    "size": (len(CONTENT), ["posix", "gnu", "old"]),
    "mtime": (0o1400000000, ["posix", "gnu"]),
    "devmajor": (0o17, ["posix", "gnu", "old"]),
    "devminor": (0o17, ["posix", "old"]),
    "gnu atime": (0o1400000000, ["gnu"]),
    "gnu realsize": (0o17, ["gnu"]),
    "star atime": (0o1400000000, ["star"]),
}


def numbers():
    for field, (value, dialects) in NUMBERS.items():
        width = FIELDS[field][1]
        for dialect in dialects:
            for how, written in encodings(value, width):
                changes = {field.replace(" ", "_"): written}
                entry = file("web/a.txt", CONTENT, dialect=dialect, **changes)
                yield f"{field}, {dialect}: {how}", chart(entry)
    for dialect in ("posix",):
        block = header("web/a.txt", len(CONTENT), dialect=dialect)
        value = sum(block) - sum(block[148:156]) + 8 * 32
        for how, written in encodings(value, 8):
            entry = file("web/a.txt", CONTENT, dialect=dialect, checksum=written)
            yield f"checksum, {dialect}: {how}", chart(entry)
        for how, wrong in (("one more", 1), ("one less", -1)):
            entry = file("web/a.txt", CONTENT, dialect=dialect, checksum=b"%06o\0 " % (value + wrong))
            yield f"checksum, {dialect}: {how}", chart(entry)
    for where, changes in (("name", {}), ("uname", {"uname": b"\xe4\xf6"}), ("end", {"end": b"\xff"})):
        name = "web/\u00e4.txt" if where == "name" else "web/a.txt"
        block = header(name, len(CONTENT), **changes)
        spaced = block[:148] + b" " * 8 + block[156:]
        signed = sum(byte - 256 if byte > 127 else byte for byte in spaced) % (1 << 18)
        entry = file(name, CONTENT, checksum=b"%06o\0 " % signed, **changes)
        yield f"checksum of signed bytes, {where}", chart(entry)


def types():
    """Every type flag, with content and without."""
    flags = [*range(0x20, 0x7f), 0, 1, 7, 0x0a, 0x7f, 0x80, 0xb0, 0xff]
    for flag in flags:
        for dialect in ("posix", "gnu") if 0x41 <= flag < 0x5b else ("posix",):
            for how, content in (("content", CONTENT), ("nothing", b"")):
                if bytes([flag]) in b"gxLK" and content:
                    continue
                entry = file("web/a.txt", content, dialect=dialect, flag=bytes([flag]))
                yield f"type {flag:#04x}, {dialect}, with {how}", chart(entry)
    for flag in (b"0", b"\0", b"5", b"7", b"1", b"2", b"D", b"Z"):
        for dialect in ("posix", "gnu", "old"):
            for how, content in (("content", CONTENT), ("nothing", b"")):
                entry = file("web/a/", content, dialect=dialect, flag=flag)
                yield f"type {flag!r} of a/, {dialect}, with {how}", chart(entry)
            for mode in (b"0040755\0", b"0120777\0", b"0100644\0", b"0020644\0", b"0004755\0"):
                entry = file("web/a.txt", CONTENT, dialect=dialect, flag=flag, mode=mode)
                yield f"type {flag!r}, {dialect}, mode {mode[:-1].decode()}", chart(entry)


def magics():
    """Other words for the dialect, beside what one dialect or the other reads further on."""
    words = {
        "posix": b"ustar\x0000", "gnu": b"ustar  \0", "none": b"\0" * 8, "no version": b"ustar\0\0\0",
        "version with spaces": b"ustar\0  ", "version 0": b"ustar\x000 ", "version 11": b"ustar\x0011",
        "a space": b"ustar \x0000", "a space for the NUL": b"ustar 00", "two spaces, no NUL": b"ustar  0",
        "three spaces": b"ustar   ", "two spaces and zeros": b"ustar\0 \0",
        "upper case": b"USTAR\x0000", "four letters": b"usta\0\x0000", "six letters": b"ustars00",
        "letters behind": b"ustarx\0\0", "GNUtar": b"GNUtar \0", "spaces": b" " * 8, "garbage": b"abcdefgh",
        "one space and NULs": b"ustar \0\0", "tar": b"tar\0\0\0\0\0", "an early NUL": b"\0star\x0000",
    }
    beside = {
        "nothing": {}, "a prefix": {"prefix": b"web"}, "junk in devmajor": {"devmajor": b"xyz"},
        "a link": {"link": TARGET}, "a star trailer": {"at_508": b"tar\0"},
        "a star trailer and a prefix": {"prefix": b"web", "at_508": b"tar\0"},
        "a star trailer, a prefix, times": {
            "prefix": b"web", "star_atime": b"14000000000 ", "star_ctime": b"14000000000 ", "at_508": b"tar\0"},
        "a GNU time": {"gnu_atime": b"14000000000\0"},
        "a GNU real size": {"gnu_realsize": b"00000000005\0"},
        "binary owner": {"uid": b"\x80\0\0\0\0\x20\0\0"},
    }
    for word, magic in words.items():
        for what, changes in beside.items():
            name = "a.txt" if "prefix" in changes else "web/a.txt"
            yield f"magic {word}, with {what}", chart(file(name, CONTENT, at_257=magic, **changes))


def texts():
    """Names, prefixes, links and owners."""
    names = {
        "100 bytes": b"web/" + b"x" * 96, "letters behind a NUL": b"web/a\0.txt", "a dot": b"web/./a",
        "a dot before": b"./web/a", "two slashes": b"web/a//b", "a slash at the end": b"web/a/",
        "two slashes at the end": b"web/a//", "a dot at the end": b"web/a/.", "a space at the end": b"web/a ",
        "a space before": b" web/a", "a newline": b"web/a\nb", "a tab": b"web/a\tb", "a bell": b"web/a\7b",
        "a delete": b"web/a\x7fb", "UTF-8": "web/\u00e4\u4e2d.txt".encode(), "decomposed": "web/a\u0308".encode(),
        "Latin-1": b"web/\xe4", "half a letter": b"web/\xe4\xb8", "too long a form": b"web/\xc0\xaf",
        "a surrogate": b"web/\xed\xa0\x80", "quotes": b"web/'a\"", "a percent": b"web/%2e%2e%2fa",
        "a star": b"web/*", "a question mark": b"web/?", "brackets": b"web/[a]", "a dash": b"web/-a",
        "a tilde": b"web/~a", "a dollar": b"web/$HOME", "a backslash": b"web/a\\b", "a backslash between": b"web\\a",
        "a backslash, then a slash": b"web\\a/b", "a backslash at the end": b"web/a\\", "an escape": b"web/\\141",
        "a backslash for all": b"web\\a\\b", "two backslashes": b"web/a\\\\b", "a colon": b"web/a:b",
        "nothing": b"", "a NUL before": b"\0web/a", "the folder alone": b"web", "a dot alone": b".",
        "a dash alone": b"-", "./": b"./", "web/.": b"web/.", "three dots": b"web/...", "at": b"web/@LongLink",
        "././@LongLink": b"././@LongLink", "PaxHeaders": b"web/PaxHeaders/a", "._a": b"web/._a",
    }
    for what, name in names.items():
        for dialect in ("posix", "gnu"):
            yield f"name, {dialect}: {what}", chart(file(name, CONTENT, dialect=dialect))
        if what != "nothing":
            yield f"name, PAX: {what}", chart(pax(record(b"path", name)), file("web/x", CONTENT))
            yield f"name, GNU: {what}", chart(gnu(name + b"\0"), file("web/x", CONTENT))
        yield f"name of a folder: {what}", chart(file(name, b"", flag=b"5"))
    prefixes = {
        "web": b"web", "155 bytes": b"web/" + b"y" * 151, "131 bytes": b"web/" + b"y" * 127,
        "132 bytes": b"web/" + b"y" * 128,
        "a slash at the end": b"web/", "letters behind a NUL": b"web\0x", "a NUL before": b"\0web",
        "a space": b" ", "a dot": b"./web", "a dot behind": b"web/.", "a backslash": b"web\\a", "Latin-1": b"web/\xe4",
    }
    for what, prefix in prefixes.items():
        for dialect in MAGICS:
            if dialect == "star" and len(prefix) > 131:
                continue
            yield f"prefix, {dialect}: {what}", chart(file("a.txt", CONTENT, dialect=dialect, prefix=prefix))
        yield f"prefix beside a PAX path: {what}", chart(
            pax(record(b"path", b"web/b")), file("a.txt", CONTENT, prefix=prefix))
        yield f"prefix beside a GNU name: {what}", chart(gnu(b"web/b\0"), file("a.txt", CONTENT, prefix=prefix))
        yield f"prefix of a GNU name: {what}", chart(
            gnu(b"web/b\0", dialect="posix", prefix=prefix), file("web/a.txt", CONTENT))
        yield f"prefix of a PAX header: {what}", chart(
            pax(record(b"path", b"web/b"), prefix=prefix), file("web/a.txt", CONTENT))
    yield "prefix and no name", chart(file("", CONTENT, prefix=b"web/a.txt"))
    yield "prefix and a name of 100 bytes", chart(file("x" * 100, CONTENT, prefix=b"web/" + b"y" * 151))
    owners = {"UTF-8": "\u00e4".encode(), "Latin-1": b"\xe4", "32 bytes": b"x" * 32, "letters behind a NUL": b"a\0b",
              "a newline": b"a\nb"}
    for field in ("uname", "gname"):
        for what, owner in owners.items():
            yield f"{field}: {what}", chart(file("web/a.txt", CONTENT, **{field: owner}))
    for dialect in MAGICS:
        for field in ("end", "gnu longnames", "gnu sparse", "gnu extended"):
            if dialect == "star" and field == "end":
                continue
            changes = {field.replace(" ", "_"): b"1"}
            yield f"{field}, {dialect}: junk", chart(file("web/a.txt", CONTENT, dialect=dialect, **changes))


def links():
    """Link targets in the headers of what is no link, and content behind links."""
    for flag in (b"0", b"\0", b"5", b"7", b"1", b"2", b"3", b"6", b"x", b"g", b"L"):
        for target in (TARGET, b"x", b"\0x", b" "):
            for dialect in ("posix", "gnu", "old"):
                if flag == b"x":
                    entries = [pax(record(b"comment", b"c"), dialect=dialect, link=target), file("web/a", CONTENT)]
                elif flag == b"g":
                    entries = [pax(record(b"comment", b"c"), flag, dialect=dialect, link=target)]
                elif flag == b"L":
                    entries = [gnu(b"web/a\0", dialect=dialect, link=target), file("web/b", CONTENT)]
                else:
                    content = CONTENT if flag in b"0\x007" else b""
                    entries = [file("web/a", content, flag=flag, dialect=dialect, link=target)]
                yield f"link in {flag!r}, {dialect}: {target!r}", chart(*entries)
        if flag in b"xgL":
            continue
        content = CONTENT if flag in b"0\x007" else b""
        for dialect in ("posix", "gnu", "old"):
            entry = file("web/a", content, flag=flag, dialect=dialect)
            yield f"PAX link over {flag!r}, {dialect}", chart(pax(record(b"linkpath", TARGET)), entry)
            yield f"GNU link over {flag!r}, {dialect}", chart(gnu(TARGET + b"\0", b"K"), entry)
            both = gnu(TARGET + b"\0", b"K") + gnu(b"web/b\0")
            yield f"GNU link and name over {flag!r}, {dialect}", chart(both, entry)


def pax_keys():
    """Every key that some reader knows, with values of all kinds."""
    keys = """
        path linkpath size uid gid uname gname mtime atime ctime comment charset hdrcharset mode type
        SCHILY.realsize SCHILY.filetype SCHILY.devmajor SCHILY.devminor SCHILY.dev SCHILY.ino SCHILY.nlink
        SCHILY.offset SCHILY.dir SCHILY.fflags SCHILY.acl.access SCHILY.acl.default SCHILY.acl.ace
        SCHILY.xattr.user.a SCHILY.release SCHILY.volhdr SCHILY.tarfiletype SCHILY.archtype SCHILY.size
        SUN.devmajor SUN.holesdata LIBARCHIVE.creationtime LIBARCHIVE.xattr.user.a LIBARCHIVE.symlinktype
        RHT.security.selinux MSWINDOWS.rawsd MSWINDOWS.fileattr realtime.a security.a VENDOR.a
        GNU.volume.label GNU.volume.filename GNU.volume.size GNU.volume.offset GNU.dumpdir
        GNU.sparse.major GNU.sparse.minor GNU.sparse.name GNU.sparse.realsize GNU.sparse.size
        GNU.sparse.map GNU.sparse.numblocks GNU.sparse.offset GNU.sparse.numbytes GNU.path
        Path PATH paths Size SIZE LINKPATH ctime.a path.a GOLANG.a
    """.split()
    values = {
        "nothing": b"", "1": b"1", "512": b"512", "a name": b"web/b.txt", "a target": TARGET,
    }
    for key in keys:
        for what, value in values.items():
            if key in ("size", "path", "linkpath") and what == "nothing":
                continue
            yield f"PAX {key}: {what}", chart(pax(record(key.encode(), value)), file("web/a.txt", CONTENT))
    own = b"%d" % len(CONTENT)
    numbers = {
        "as it is": own, "a plus": b"+" + own, "a minus": b"-" + own, "a zero before": b"0" + own,
        "a space before": b" " + own, "a space behind": own + b" ", "a tab before": b"\t" + own,
        "a line behind": own + b"\n", "a line before": b"\n" + own, "a fraction": own + b".5", "a point": own + b".",
        "an exponent": b"1024e0", "hexadecimal": b"0x400", "octal": b"02000", "a comma": b"1,024",
        "an underscore": b"1_024", "letters behind": own + b"x", "a NUL behind": own + b"\0", "twice": own + b" " + own,
        "2^63": b"9223372036854775808", "2^64": b"%d" % ((1 << 64) + len(CONTENT)),
        "2^32": b"%d" % ((1 << 32) + len(CONTENT)), "wide digits": "\uff11\uff10\uff12\uff14".encode(),
        "-0": b"-0", "--1": b"--1", "a point first": b".5", "two points": b"1.2.3", "a fraction with letters": b"1.x",
        "a negative fraction": b"-1.5", "a sign in the fraction": b"1.-5", "many digits": b"1." + b"0" * 40 + b"1",
        "many zeros": b"0" * 40 + own, "far away": b"253402300800", "far back": b"-62135596801",
    }
    for key in ("size", "uid", "gid", "mtime", "atime", "ctime", "SCHILY.devmajor", "SCHILY.nlink", "SCHILY.ino"):
        for what, value in numbers.items():
            yield f"PAX number {key}: {what}", chart(pax(record(key.encode(), value)), file("web/a.txt", CONTENT))


def pax_forms():
    """The records' own form, and what stands beside the header."""
    path = record(b"path", b"web/b.txt")
    entry = file("web/a.txt", CONTENT)
    forms = {
        "nothing": b"", "a path": path, "a path twice": path + path,
        "two paths": path + record(b"path", b"web/c.txt"), "a plus": b"+" + path, "a zero before": b"018" + path[2:],
        "a space before": b" " + path, "two spaces": b"19  path=web/b.txt\n", "a tab": path.replace(b" ", b"\t"),
        "no line": path[:-1], "a NUL for the line": path[:-1] + b"\0", "a short length": b"17" + path[2:],
        "a long length": b"19" + path[2:], "a length of 0": b"0" + path[2:], "a negative length": b"-18" + path[2:],
        "a huge length": b"99999999999999999999" + path[2:], "no equals sign": b"10 path-a\n", "no key": b"6 =ab\n",
        "a key with a space": record(b" path", b"web/b.txt"), "a key with a space behind": record(b"path ", b"web/c"),
        "a key with a NUL": record(b"path\0", b"web/b.txt"), "a key with a line": record(b"a\npath", b"web/b.txt"),
        "a value with a line": record(b"comment", b"a\n18 path=web/b.txt"), "a value with a NUL": record(b"path", b"web/b\0c"),
        "a comment with a NUL": record(b"comment", b"a\0b"), "a value with an equals sign": record(b"path", b"web/a=b"),
        "NULs behind": path + b"\0" * 20, "a line behind": path + b"\n", "a space behind": path + b" ",
        "letters behind": path + b"x", "a number behind": path + b"9", "a record cut short": path + b"12 comment",
        "a value of another charset": record(b"hdrcharset", b"BINARY") + record(b"path", b"web/\xe4"),
        "a value that is no UTF-8": record(b"path", b"web/\xe4"),
        "a charset": record(b"hdrcharset", b"ISO-IR 10646 2000 UTF-8") + path,
        "a charset nobody knows": record(b"hdrcharset", b"EBCDIC") + path,
        "a real size and a size": record(b"SCHILY.realsize", b"5") + record(b"size", b"1024"),
        "a path of a folder": record(b"path", b"web/b/"), "the path it has": record(b"path", b"web/a.txt"),
        "an xattr with NULs": record(b"SCHILY.xattr.user.a", b"\0\1\2"), "hundreds of records": record(b"comment", b"x") * 300,
        "a sparse name": record(b"GNU.sparse.name", b"web/b.txt") + path,
        "a sparse file of version 1.0": record(b"GNU.sparse.major", b"1") + record(b"GNU.sparse.minor", b"0")
        + record(b"GNU.sparse.name", b"web/b") + record(b"GNU.sparse.realsize", b"5"),
        "a sparse file of version 0.1": record(b"GNU.sparse.map", b"0,5") + record(b"GNU.sparse.size", b"5"),
        "a long comment": record(b"comment", b"x" * 5000),
    }
    for what, content in forms.items():
        for dialect in ("posix", "gnu"):
            yield f"PAX form, {dialect}: {what}", chart(pax(content, dialect=dialect), entry)
        yield f"PAX form X: {what}", chart(pax(content, b"X"), entry)
        yield f"PAX form for all: {what}", chart(pax(content, b"g"), entry)
        yield f"PAX form for all, first: {what}", gzipped(
            pax(content, b"g") + file("web/Chart.yaml", CHART) + entry + END)
        yield f"PAX form before a folder: {what}", chart(pax(content), file("web/d/", b"", flag=b"5"))
    x, comment, long = pax(path), pax(record(b"comment", b"x")), gnu(b"web/c.txt\0")
    g = pax(record(b"comment", b"x"), b"g")
    orders = {
        "x x": [x, x], "x and a comment": [x, comment], "a comment and x": [comment, x], "x L": [x, long],
        "L x": [long, x], "L and a comment": [long, comment], "a comment and L": [comment, long], "L L": [long, long],
        "L K": [long, gnu(TARGET + b"\0", b"K")], "K L": [gnu(TARGET + b"\0", b"K"), long], "x g": [x, g],
        "g x": [g, x], "g g": [g, g], "L g": [long, g], "g L": [g, long], "x X": [x, pax(path, b"X")],
        "x at the end": None, "L at the end": None,
    }
    for what, before in orders.items():
        if before is None:
            last = x if what[0] == "x" else long
            yield f"order: {what}", gzipped(file("web/Chart.yaml", CHART) + entry + last + END)
        else:
            yield f"order: {what}", chart(*before, entry)
    for how, written in encodings(len(path), 12):
        yield f"size of a PAX header: {how}", chart(pax(path, size=written), entry)
        yield f"size of a PAX header for all: {how}", chart(
            pax(record(b"comment", b"12345678"), b"g", size=written), entry)
    for how, written in encodings(10, 12):
        yield f"size of a GNU name: {how}", chart(gnu(b"web/c.txt\0", size=written), entry)
    for how, written in encodings(1, 8):
        yield f"owner of a PAX header: {how}", chart(pax(path, uid=written), entry)


def gnu_names():
    forms = {
        "a NUL": b"web/b.txt\0", "no NUL": b"web/b.txt", "three NULs": b"web/b.txt\0\0\0", "nothing": b"",
        "a NUL alone": b"\0", "letters behind a NUL": b"web/b.txt\0x", "a line behind": b"web/b.txt\n\0",
        "a slash at the end": b"web/b/\0", "a space at the end": b"web/b \0", "a long name": b"web/" + b"x" * 250 + b"\0",
        "a longer path": b"web/" + b"x/" * 300 + b"y\0", "UTF-8": "web/\u00e4\0".encode(), "Latin-1": b"web/\xe4\0",
        "padded to a block": b"web/b.txt".ljust(512, b"\0"), "a block": b"web/" + b"x/" * 254,
    }
    for what, content in forms.items():
        for dialect in ("posix", "gnu"):
            for flag in (b"L", b"K", b"N"):
                entry = file("web/a.txt", CONTENT, dialect=dialect)
                yield f"GNU {flag.decode()}, {dialect}: {what}", chart(gnu(content, flag, dialect=dialect), entry)
        yield f"GNU L before a folder: {what}", chart(gnu(content), file("web/d/", b"", flag=b"5"))
        yield f"GNU L before an old file: {what}", chart(gnu(content), file("web/a", CONTENT, flag=b"\0"))
        yield f"GNU L before an old folder: {what}", chart(gnu(content), file("web/d/", b"", flag=b"\0"))


def ends():
    """Where an archive ends, and what stands between its entries."""
    whole = file("web/Chart.yaml", CHART) + file("web/a.txt", CONTENT)
    more = file("web/evil.txt", b"evil")
    zero, junk = b"\0" * 512, b"junk" * 128
    tails = {
        "two blocks": zero * 2, "one block": zero, "nothing": b"", "three blocks": zero * 3, "many blocks": zero * 40,
        "a block and a half": zero + b"\0" * 200, "half a block": b"\0" * 200, "two blocks and some": zero * 2 + b"\0" * 77,
        "one block, then an entry": zero + more + zero * 2, "two blocks, then an entry": zero * 2 + more + zero * 2,
        "junk": junk, "junk, then an entry": junk + more + zero * 2, "one block, then junk": zero + junk,
        "two blocks, then junk": zero * 2 + junk, "two blocks, then a byte": zero * 2 + b"x",
        "junk, then zeros": junk + zero * 2, "spaces": b" " * 512 + zero * 2, "a byte": b"x",
        "an entry cut short in its header": more[:300], "an entry cut short in its content": more[:514],
        "an entry cut short in its padding": more[:520], "a wrong sum, then an entry":
            file("web/b", b"b", checksum=b"000000\0 ") + more + zero * 2,
        "a header of zeros but for its sum": header("", 0, at_0=b"\0" * 512) + more + zero * 2,
    }
    for what, tail in tails.items():
        yield f"end: {what}", gzipped(whole + tail)
    first = {"junk first": junk, "zeros first": zero, "a folder first": file("web/", b"", flag=b"5"),
             "a volume first": header("volume", flag=b"V", dialect="gnu")}
    for what, start in first.items():
        yield f"end: {what}", gzipped(start + whole + END)
    for what, padding in (("letters for padding", b"x"), ("an entry for padding", None)):
        content = b"b"
        fill = (b"x" * 511) if padding else more[:511]
        yield f"end: {what}", gzipped(whole + header("web/b", 1) + content + fill + more + END)
    doubled = file("web/a.txt", b"one") + file("web/a.txt", b"two")
    yield "twice: a file", gzipped(file("web/Chart.yaml", CHART) + doubled + END)
    yield "twice: a folder", chart(*[file("web/d/", b"", flag=b"5")] * 2)
    yield "twice: a file and a folder", chart(file("web/d", b"d"), file("web/d/", b"", flag=b"5"))
    mixed = file("web/templates/a.yaml", b"a") + file("web\\values.yaml", b"a: b\n")
    yield "backslashes: in one name of several", chart(mixed)
    yield "backslashes: in all names", gzipped(file("web\\Chart.yaml", CHART) + file("web\\a.txt", b"a") + END)
    yield "backslashes: in a folder's name", chart(file("web\\d\\", b"", flag=b"5"))
