"""Headers and whole archives, byte by byte."""

import gzip
import io

CHART = b"apiVersion: v2\nname: web\nversion: 1.2.3\n"
END = b"\0" * 1024

# what stands in bytes 257 to 265: "ustar", its NUL and its version
MAGICS = {"posix": b"ustar\x0000", "gnu": b"ustar  \0", "old": b"\0" * 8, "star": b"ustar\x0000"}

FIELDS = {
    "name": (0, 100), "mode": (100, 8), "uid": (108, 8), "gid": (116, 8), "size": (124, 12),
    "mtime": (136, 12), "checksum": (148, 8), "link": (157, 100), "uname": (265, 32),
    "gname": (297, 32), "devmajor": (329, 8), "devminor": (337, 8), "prefix": (345, 155),
    "end": (500, 12),
    # in the GNU and star forms
    "gnu atime": (345, 12), "gnu ctime": (357, 12), "gnu offset": (369, 12),
    "gnu longnames": (381, 4), "gnu sparse": (386, 96), "gnu extended": (482, 1),
    "gnu realsize": (483, 12), "star atime": (476, 12), "star ctime": (488, 12),
}


def gzipped(content):
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as writer:
        writer.write(content)
    return out.getvalue()


def padded(content):
    return content + b"\0" * (-len(content) % 512)


def header(name, length=0, dialect="posix", flag=b"0", **changes):
    """A header with a sum that fits. Changes: other bytes in its fields."""
    block = bytearray(512)

    def put(field, value):
        start, width = FIELDS[field.replace("_", " ")]
        assert len(value) <= width, (field, value)
        block[start:start + len(value)] = value

    put("name", name if isinstance(name, bytes) else name.encode())
    put("mode", b"0000644\0")
    put("uid", b"0000000\0")
    put("gid", b"0000000\0")
    put("size", b"%011o\0" % length)
    put("mtime", b"14000000000\0")
    block[156:157] = flag
    block[257:265] = MAGICS[dialect]
    if dialect != "old":
        put("devmajor", b"0000000\0")
        put("devminor", b"0000000\0")
    if dialect == "star":
        put("star_atime", b"14000000000\0")
        put("star_ctime", b"14000000000\0")
        block[508:512] = b"tar\0"
    for field, value in changes.items():
        if isinstance(field, str) and field.startswith("at_"):
            start = int(field[3:])
            block[start:start + len(value)] = value
        elif field != "checksum":
            put(field, value)
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    if "checksum" in changes:
        put("checksum", changes["checksum"])
    return bytes(block)


def file(name, content, **changes):
    return header(name, len(content), **changes) + padded(content)


def record(key, value):
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest)
    while len(str(length)) + len(rest) != length:
        length = len(str(length)) + len(rest)
    return str(length).encode() + rest


def pax(content, flag=b"x", **changes):
    return file("pax", content, flag=flag, **changes)


def gnu(content, flag=b"L", **changes):
    return file("././@LongLink", content, flag=flag, **{"dialect": "gnu", **changes})


def chart(*entries, end=END):
    """A good chart, with more entries and a last file."""
    last = file("web/z.txt", b"z")
    return gzipped(file("web/Chart.yaml", CHART) + b"".join(entries) + last + end)


# Content that is an archive by itself: whoever takes its size for nothing unpacks web/evil.txt.
CONTENT = file("web/evil.txt", b"evil")
