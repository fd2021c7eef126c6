"""Gzip files whose members were changed, by the name of the change."""

import struct
import zlib

from block import CHART, CONTENT, END, file

WHOLE = file("web/Chart.yaml", CHART) + file("web/a.txt", CONTENT)
FLAGS = {"text": 1, "sum": 2, "extra": 4, "name": 8, "comment": 16}


def member(content, flags=0, extra=None, name=None, comment=None, level=9, method=8, tail=None, **odd):
    """One member. A field sets its own flag; its NUL is to be given."""
    flags |= (extra is not None) * 4 | (name is not None) * 8 | (comment is not None) * 16
    head = bytes([0x1f, 0x8b, method, flags]) + odd.get("time", b"\0" * 4) + odd.get("system", b"\0\xff")
    if extra is not None:
        head += struct.pack("<H", odd.get("extra_length", len(extra))) + extra
    head += (name or b"") + (comment or b"")
    if flags & 2:
        head += struct.pack("<H", zlib.crc32(head) & 0xffff ^ odd.get("wrong", 0))
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    body = packer.compress(content) + packer.flush()
    return head + body + (tail or struct.pack("<II", zlib.crc32(content), len(content) & 0xffffffff))


def heads():
    """What a header may hold, with whether it may stand for the first and for a later member."""
    yield "plain", {}
    for length in (0, 1, 510, 511, 512, 513, 1024, 70000):
        yield f"a name of {length} bytes", {"name": b"x" * length + b"\0"}
        yield f"a comment of {length} bytes", {"comment": b"x" * length + b"\0"}
        yield f"an extra field of {min(length, 65535)} bytes", {"extra": b"\0" * min(length, 65535)}
    yield "name and comment of 511 bytes", {"name": b"x" * 511 + b"\0", "comment": b"y" * 511 + b"\0"}
    yield "all fields, long", {"extra": b"x" * 65535, "name": b"x" * 511 + b"\0", "comment": b"y" * 511 + b"\0",
                               "flags": 2}
    yield "all fields, and a long comment", {"extra": b"x" * 600, "name": b"x\0", "comment": b"y" * 512 + b"\0"}
    yield "a name in Latin-1", {"name": b"\xe4\0"}
    yield "a name in Latin-1 of 511 bytes", {"name": b"\xe4" * 511 + b"\0"}
    yield "a name that leads out", {"name": b"../../x\0"}
    yield "helm's comment", {"extra": b"+aHR0cHM6Ly95b3V0dS5iZS96OVV6MWljandyTQo=", "comment": b"Helm\0"}
    yield "a good sum", {"flags": 2}
    yield "a wrong sum", {"flags": 2, "wrong": 1}
    yield "a good sum over a name", {"flags": 2, "name": b"x\0"}
    yield "a wrong sum over a name", {"flags": 2, "name": b"x\0", "wrong": 0x100}
    yield "text", {"flags": 1}
    for bit in (0x20, 0x40, 0x80, 0xe0):
        yield f"reserved flag {bit:#x}", {"flags": bit}
    for method in (0, 7, 9, 0xff):
        yield f"method {method}", {"method": method}
    yield "a time", {"time": b"\1\2\3\4"}
    yield "another system", {"system": b"\2\0"}
    yield "an extra field that is longer than it is", {"extra": b"abcd", "extra_length": 65535}
    yield "an extra field that is shorter", {"extra": b"abcd", "extra_length": 2}
    yield "no compression", {"level": 0}
    yield "little compression", {"level": 1}


def members():
    half = 700
    for what, head in heads():
        yield f"gzip: {what}", member(WHOLE + END, **head)
        yield f"gzip, second member: {what}", member((WHOLE + END)[:half]) + member((WHOLE + END)[half:], **head)
        yield f"gzip, member behind the end: {what}", member(WHOLE + END) + member(b"", **head)
        yield f"gzip, zeros behind the end: {what}", member(WHOLE + END) + member(b"\0" * 1024, **head)
        yield f"gzip, empty member before: {what}", member(b"", **head) + member(WHOLE + END)
        yield f"gzip, no end, then: {what}", member(WHOLE) + member(END, **head)
    for where, content in (("with an end", WHOLE + END), ("without an end", WHOLE)):
        good = member(content)
        for what, tail in {
            "nothing": b"", "a zero": b"\0", "zeros": b"\0" * 100, "many zeros": b"\0" * 40000, "a byte": b"x", "junk": b"junk" * 30,
            "half a magic": b"\x1f", "a magic": b"\x1f\x8b", "half a header": b"\x1f\x8b\x08\0\0", "a header": member(b"")[:10],
            "a member cut short": member(b"more" * 99)[:-9], "zeros, then a member": b"\0" * 8 + member(END),
            "zeros, then junk": b"\0" * 8 + b"x", "a member with a wrong sum": member(END, tail=b"\1" * 8),
            "three empty members": member(b"") * 3, "an archive that is not packed": WHOLE + END,
        }.items():
            yield f"gzip {where}, behind it {what}", good + tail
        yield f"gzip {where}, a wrong sum", good[:-8] + b"\0\0\0\0" + good[-4:]
        yield f"gzip {where}, a wrong length", good[:-4] + b"\0\0\0\0"
        yield f"gzip {where}, no trailer", good[:-8]
        yield f"gzip {where}, half a trailer", good[:-3]
        yield f"gzip {where}, cut in the middle", good[:len(good) // 2]
        yield f"gzip {where}, a byte changed", good[:40] + bytes([good[40] ^ 1]) + good[41:]
        yield f"gzip {where}, a wrong sum in an earlier member", member(content[:512], tail=b"\1" * 8) + member(content[512:])
    blocks = [member((WHOLE + END)[at:at + 100]) for at in range(0, len(WHOLE + END), 100)]
    yield "gzip: many members", b"".join(blocks)
    yield "gzip: zeros between members", b"\0".join(blocks)
    yield "gzip within gzip", member(member(WHOLE + END))
    yield "gzip: nothing in it", member(b"")
    yield "gzip: not packed", WHOLE + END
    yield "gzip: zlib", zlib.compress(WHOLE + END)
    yield "gzip: nothing at all", b""
