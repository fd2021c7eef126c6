"""Signature packets made by hand: what gpg never writes, and what somebody changed afterwards."""

import base64
import hashlib
import struct
import time


def armoured(message, change):
    """A clear-signed message whose signature packet was changed."""
    head, rest = message.split("-----BEGIN PGP SIGNATURE-----", 1)
    block = rest.split("-----END PGP SIGNATURE-----")[0].strip().split("\n\n")[-1]
    content = "".join(line for line in block.split("\n") if not line.startswith("="))
    return head + armour(change(base64.b64decode(content)))


def armour(packets):
    encoded = base64.b64encode(packets).decode()
    lines = [encoded[start:start + 64] for start in range(0, len(encoded), 64)]
    text = "\n".join(lines)
    return f"-----BEGIN PGP SIGNATURE-----\n\n{text}\n-----END PGP SIGNATURE-----\n"


class RsaKey:
    """A secret key of RSA without passphrase, as gpg exports it: the first packet."""

    def __init__(self, exported):
        body = packet_body(exported)
        assert body[0] == 4 and body[5] == 1, "no RSA key of version 4"
        numbers, at = [], 6
        while len(numbers) < 2:
            number, at = mpi(body, at)
            numbers.append(number)
        public = body[:at]
        self.fingerprint = hashlib.sha1(b"\x99" + struct.pack(">H", len(public)) + public).digest()
        assert body[at] == 0, "the key has a passphrase"
        self.n, self.d = numbers[0], mpi(body, at + 1)[0]

    def sign(self, text, hashed, unhashed=b"", header=None, kind=1):
        """A packet over a text, with these hashed subpackets."""
        start = bytes([4, kind, 1, 10]) + struct.pack(">H", len(hashed)) + hashed
        trailer = b"\x04\xff" + struct.pack(">I", len(start))
        lines = [line.rstrip(" \t\r") for line in text.split("\n")]
        digest = hashlib.sha512("\r\n".join(lines).encode() + start + trailer).digest()
        size = (self.n.bit_length() + 7) // 8
        info = bytes.fromhex("3051300d060960864801650304020305000440") + digest
        padded = b"\0\1" + b"\xff" * (size - len(info) - 3) + b"\0" + info
        signature = pow(int.from_bytes(padded, "big"), self.d, self.n)
        number = signature.to_bytes((signature.bit_length() + 7) // 8, "big")
        body = start + struct.pack(">H", len(unhashed)) + unhashed + digest[:2]
        body += struct.pack(">H", signature.bit_length()) + number
        return (header or new_header)(len(body)) + body

    def made(self):
        """When, and by whom: what each signature has."""
        return (subpacket(2, struct.pack(">I", int(time.time()) - 60))
                + subpacket(33, b"\4" + self.fingerprint) + subpacket(16, self.fingerprint[-8:]))


def mpi(content, at):
    size = (int.from_bytes(content[at:at + 2], "big") + 7) // 8
    return int.from_bytes(content[at + 2:at + 2 + size], "big"), at + 2 + size


def packet_body(content):
    kind = content[0]
    if kind & 0x40:
        start, size = (2, content[1]) if content[1] < 192 else (
            3, (content[1] - 192 << 8) + content[2] + 192)
    else:
        width = 1 << (kind & 3)
        start, size = 1 + width, int.from_bytes(content[1:1 + width], "big")
    return content[start:start + size]


def new_header(size):
    return b"\xc2\xff" + struct.pack(">I", size)


def old_header(size):
    return b"\x89" + struct.pack(">H", size)


def subpacket(kind, content, width=1):
    """`width`: octets of its length, of which the shortest would do."""
    size = len(content) + 1
    length = {1: bytes([size]), 2: bytes([192 + (size - 192 >> 8), size - 192 & 255]) if size >= 192 else None,
              5: b"\xff" + struct.pack(">I", size)}[width]
    return length + bytes([kind]) + content


def notation(flags, name=b"a@example.com", value=b"b", critical=False):
    content = flags + struct.pack(">HH", len(name), len(value)) + name + value
    return subpacket(20 | (0x80 if critical else 0), content)


READABLE = b"\x80\0\0\0"


def made_by_hand(key, body):
    """Packets over a text, by what is odd about them."""
    made = key.made()
    moment = struct.pack(">I", int(time.time()) - 60)
    issuer = subpacket(33, b"\4" + key.fingerprint)
    fit = {
        "nothing": made,
        "a length in five octets": subpacket(2, moment, 5) + issuer,
        "an issuer with a length in five octets": made + subpacket(33, b"\4" + key.fingerprint, 5),
        "a critical time": subpacket(0x82, moment) + issuer,
        "a critical issuer": subpacket(2, moment) + subpacket(0xa1, b"\4" + key.fingerprint),
        "an unknown subpacket": made + subpacket(101, b"x"),
        "a critical unknown subpacket": made + subpacket(0x80 | 101, b"x"),
        "a reserved subpacket": made + subpacket(1, b"x"),
        "a note": made + notation(READABLE),
        "a binary note": made + notation(b"\0\0\0\0"),
        "a note with reserved flags": made + notation(b"\x80\0\0\1"),
        "a note with other flags": made + notation(b"\xff\xff\xff\xff"),
        "a critical note": made + notation(READABLE, critical=True),
        "two notes": made + notation(READABLE) + notation(READABLE, value=b"c"),
        "an odd truth value": made + subpacket(4, b"\2"),
        "an odd primary flag": made + subpacket(25, b"\7"),
        "long key flags": made + subpacket(27, b"\3\0\0\0\0"),
        "empty key flags": made + subpacket(27, b""),
        "odd features": made + subpacket(30, b"\xff\xff"),
        "preferences": made + subpacket(11, b"\x09\x63") + subpacket(21, b"\x08\x63") + subpacket(22, b"\x63"),
        "a trust signature": made + subpacket(5, b"\1\x78"),
        "a regular expression": made + subpacket(6, b"x\0"),
        "a policy": made + subpacket(26, b"https://example.com"),
        "a policy that is no text": made + subpacket(26, b"\xff\xfe"),
        "a signer's name": made + subpacket(28, b"rsa <rsa@example.com>"),
        "a name that is no text": made + subpacket(28, b"\xff"),
        "a reason": made + subpacket(29, b"\x63x"),
        "a target": made + subpacket(31, b"\1\x0a" + b"\0" * 64),
        "an expiry that is far": made + subpacket(3, struct.pack(">I", 1 << 31)),
        "an expiry that is over": made + subpacket(3, struct.pack(">I", 1)),
        "two times": subpacket(2, struct.pack(">I", 1)) + made,
        "no time": issuer,
    }
    packets = {f"by hand with {name}": key.sign(body, hashed) for name, hashed in fit.items()}
    packets["by hand in an old packet"] = key.sign(body, made, header=old_header)
    packets["by hand over bytes"] = key.sign(body, made, kind=0)
    packets["by hand with an unhashed note"] = key.sign(body, made, notation(READABLE))
    packets["by hand with two packets"] = key.sign(body, made) * 2
    packets["by hand with a marker"] = b"\xca\x03PGP" + key.sign(body, made)
    packets["by hand with a marker behind"] = key.sign(body, made) + b"\xca\x03PGP"
    changes = {
        "a note's reserved flag": (notation(READABLE), notation(b"\x80\0\0\1")),
        "a note's flag": (notation(READABLE), notation(b"\0\0\0\0")),
        "a note's value": (notation(READABLE), notation(READABLE, value=b"c")),
        "a critical bit": (subpacket(101, b"x"), subpacket(0xe5, b"x")),
        "an unknown subpacket": (subpacket(101, b"x"), subpacket(101, b"y")),
        "an odd truth value": (subpacket(4, b"\2"), subpacket(4, b"\3")),
        "key flags": (subpacket(27, b"\3\0"), subpacket(27, b"\3\1")),
        "the end of an expression": (subpacket(6, b"x\0"), subpacket(6, b"x\1")),
    }
    for name, (before, after) in changes.items():
        good = key.sign(body, made + before)
        assert good.count(before) == 1, name
        packets[f"by hand and changed: {name}"] = good.replace(before, after)
    return packets
