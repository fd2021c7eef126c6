"""The charts that make.py pushes."""

import gzip
import io
import tarfile

BASE = "apiVersion: v2\nname: web\nversion: 1.2.3\n"


def metadata():
    """Chart.yaml, and what stands beside it, by the case's name."""
    found = {}

    def add(name, chart, **others):
        assert name not in found, name
        found[name] = {"Chart.yaml": chart, **others}

    scalars = """
        1.10 1.0 1 10 0123 08 0o17 0x1F 0b101 1e3 1E3 1e21 1e-7 1_000 1_000.5 .5 5. +1 -1 -0 +.5 1.5e+3
        0.1 0.30000000000000004 16777217.0 123456.7 1234567.8 12345678.9 0.0001 0.00001 1e400 1e39
        9223372036854775807 9223372036854775808 18446744073709551615 18446744073709551616
        -9223372036854775808 -9223372036854775809 20250101 2025.01 2025.10 1.20.0 v1.2.3 1.2.3-rc.1
        y Y yes Yes YES n N no No NO on On ON off Off OFF true True TRUE false False FALSE tRUE yEs
        ~ null Null NULL nULL .nan .NaN .inf -.inf +.inf .Inf .INF 2001-01-01 2001-1-1 12:30 1:2:3
        0x 0xg 0b 0b2 0o8 1__0 _1 1_ 0_7 +0x1f -0b11 --1 +-1 1.2.3.4 . .. .e3 1e 1e+ 0.0 -0.0 00 007 08.5
        '' "" '1.10' "1.10" !!str\\ 1.10 !!int\\ 3 !!int\\ '3' !!float\\ 3 !!bool\\ yes !!int\\ x !foo\\ 1.10 !!null\\ ''
        a#b 'a\\ #b' =  @x `x %x &x *x !x |x >x [1] {a:\\ b} - ? : -a ?a :a <<
    """
    values = [word.replace("\0", " ") for word in scalars.replace("\\ ", "\0").split()]
    for value in values:
        add(f"appVersion: {value}", BASE + f"appVersion: {value}\n")
    for value in ["1.10", "1.0", "2", "0123", "1e3", "01.2.3", "1.2", "v1.2.3", "1.2.3.4", "yes", "~",
                  "'1.10'", "1.2.3+build.5", "1.2.3-01", "\"1.2.3 \"", "1.2.3 # comment", "0x10", "1_0"]:
        add(f"version: {value}", f"apiVersion: v2\nname: web\nversion: {value}\n")
    for value in ["1", "1.10", "yes", "null", "we/b", "'..'", "we\\b", "'a b'", "Web", "\"a\\tb\"",
                  "\"a\\u200bb\"", "\"w\u00e9b\"", "x" * 300]:
        add(f"name: {value}", f"apiVersion: v2\nversion: 1.2.3\nname: {value}\n")
    for value in ["v1", "v2", "v3", "v7", "V2", "\"v2 \"", ".inf", "1", "''", "~", "[v2]"]:
        add(f"apiVersion: {value}", f"apiVersion: {value}\nname: web\nversion: 1.2.3\n")
    for value in ["application", "library", "''", "~", "Library", "other"]:
        add(f"type: {value}", BASE + f"type: {value}\n")
    for value in ["true", "yes", "on", "'true'", "1", "~", "no", "[true]"]:
        add(f"deprecated: {value}", BASE + f"deprecated: {value}\n")
    add("no apiVersion", "name: web\nversion: 1.2.3\n")
    add("no name", "apiVersion: v2\nversion: 1.2.3\n")
    add("no version", "apiVersion: v2\nname: web\n")

    # keys: Go finds fields without case, and of several the last in byte order counts
    add("keys in other cases", "APIVERSION: v2\nNAME: web\nVersion: 1.2.3\nappversion: 7\n")
    add("a key in two cases", BASE + "Version: 9.9.9\n")
    add("a key in two cases, the other order", "apiVersion: v2\nVersion: 9.9.9\nname: web\nversion: 1.2.3\n")
    add("apiversion sorts behind", BASE + "apiversion: v1\n")
    add("a long s", BASE + "ver\u017fion: 9.9.9\n")
    add("a Kelvin sign", BASE + "\u212aeywords: [a]\nkeywords: [b]\n")
    add("a null in another case", BASE + "versiON: ~\n")
    add("a key twice", BASE + "version: 9.9.9\n")
    add("a name twice", "name: evil\n" + BASE)
    add("quoted keys", "\"apiVersion\": v2\n'name': web\n? version\n: 1.2.3\n")
    add("a tagged key", "apiVersion: v2\nname: web\n!!str version: 1.2.3\n")
    add("an escaped key", "apiVersion: v2\nname: web\n\"vers\\u0069on\": 1.2.3\n")
    add("keys of other types", BASE + "1: a\nyes: b\n1.5: c\n0x10: d\n")
    add("a null key", BASE + "~: a\n")
    add("a list as a key", BASE + "[a]: b\n")
    add("a null key deep down", BASE + "other:\n  - {a: {~: b}}\n")
    add("a large key", BASE + "18446744073709551615: a\n")
    add("unknown keys", BASE + "engine: gotpl\ntillerVersion: '>1'\nother: {deep: [1, {x: y}]}\n")
    add("a number that is none, unknown", BASE + "other: .nan\n")
    add("a number that is none, deep down", BASE + "other: [{a: .inf}]\n")
    add("a large number, unknown", BASE + "other: [1e39, 1e999]\n")

    # what helm 4 reads before it loads a chart, and what it does not look at then
    for value in [".inf", "-.Inf", ".NAN", "!!float .inf", "!!str .inf", "1e999", "-1e999"]:
        add(f"keywords: [{value}]", BASE + f"keywords: [{value}]\n")
    add("a number that is none, as an annotation", BASE + "annotations: {a: .nan}\n")
    add("a number that is none, as a version", BASE + "dependencies: [{name: a, version: .inf}]\n")
    add("a number that is none, as a flag", BASE + "deprecated: .nan\n")
    add("a number that is none, as a key", BASE + "annotations: {.inf: a}\n")
    add("a number that is none, in another case", BASE + "AppVersion: .inf\nappVersion: a\n")
    add("a number that is none, overridden", BASE + "appVersion: .inf\nappVersion: a\n")
    add("a number that is none, in a second document", BASE + "---\nappVersion: .inf\n")
    add("a number that is none, as another apiVersion", BASE + "ApiVersion: .inf\n")
    add("another apiVersion in another case", BASE + "apiversion: v7\n")
    add("another apiVersion in another case, before", BASE + "ApiVersion: v7\n")
    old = BASE.replace("v2", "v1")
    add("a number that is none, in requirements", old, **{"requirements.yaml": "dependencies: [{name: a, version: .inf}]\n"})
    add("a number that is none, unknown, in requirements", old, **{"requirements.yaml": "other: .inf\n"})

    # the shapes of fields
    full = BASE + """\
description: >-
  A chart
  in two lines
type: application
kubeVersion: ">=1.25.0-0"
home: https://example.com
icon: https://example.com/icon.png
sources:
  - https://example.com/a
  - https://example.com/b
keywords: [web, 1.10, yes, ~, 0123]
maintainers:
  - name: Ann
    email: ann@example.com
  - {name: Bob, url: https://example.com/bob}
appVersion: "1.16.0"
condition: web.enabled
tags: front,back
annotations:
  category: Web
  number: 1.10
  flag: yes
  nothing: ~
  org.opencontainers.image.title: other
  multi: |
    - a
    - b
dependencies:
  - name: redis
    version: 1.10
    repository: https://example.com/charts
    condition: redis.enabled
    tags: [cache, 7]
    enabled: yes
    alias: store
    import-values: [data, {child: a, parent: b}, 1.10, 3, true, ~]
  - name: common
    version: 2.x.x
    repository: "@stable"
"""
    add("a full chart", full)
    add("a full chart in flow style", "{apiVersion: v2, name: web, version: 1.2.3, keywords: [a, 'b', \"c\"], "
        "dependencies: [{name: a, version: '1', repository: ''}], annotations: {a: b}}\n")
    add("JSON", '{"apiVersion": "v2", "name": "web", "version": "1.2.3", "appVersion": 1.10}\n')
    for field, bad in [("name", "[a]"), ("version", "{a: b}"), ("keywords", "a"), ("keywords", "{a: b}"),
                       ("keywords", "[[a]]"), ("keywords", "~"), ("keywords", "[]"), ("sources", "[1, {}]"),
                       ("maintainers", "[a]"), ("maintainers", "[~]"), ("maintainers", "[{}]"),
                       ("maintainers", "{}"), ("maintainers", "[{name: [a]}]"), ("maintainers", "[{NAME: a, email: 5}]"),
                       ("annotations", "[a]"), ("annotations", "{a: [b]}"), ("annotations", "{}"),
                       ("annotations", "~"), ("annotations", "{1: a, true: b, 1.5: c, 2001-01-01: d}"),
                       ("annotations", "{a: 1e3, b: !!str 1e3, c: '', d: 'x\ty'}"),
                       ("dependencies", "a"), ("dependencies", "[~]"), ("dependencies", "[a]"),
                       ("dependencies", "[{}]"), ("dependencies", "[]"), ("dependencies", "~"),
                       ("dependencies", "[{name: a}, {name: a}]"),
                       ("dependencies", "[{name: a}, {name: a, alias: b}]"),
                       ("dependencies", "[{name: a, alias: 'b c'}]"),
                       ("dependencies", "[{name: a, alias: 1}]"),
                       ("dependencies", "[{name: a, tags: b}]"),
                       ("dependencies", "[{name: a, enabled: 1}]"),
                       ("dependencies", "[{name: a, version: 1.10, Version: 2.20}]"),
                       ("dependencies", "[{name: a, import-values: 1}]"),
                       ("dependencies", "[{name: a, import-values: [18446744073709551615, 1e400, .5, 0x10]}]"),
                       ("dependencies", "[{name: a, import-values: [.nan]}]"),
                       ("dependencies", "[{name: a, import-values: [{1: 2, yes: no}]}]"),
                       ("description", "\"a\\tb\\u00a0c\\u200bd\\u0007e\\u00e4\\u2028f\""),
                       ("description", "\"\\ud83d\\ude00 \\U0001F600 \\x41 \\e\\_\\N\\L\\P\""),
                       ("home", "1.10"), ("icon", "~"), ("tags", "1.0"), ("tags", "[a]"),
                       ("condition", "yes"), ("kubeVersion", "1.30"), ("kubeVersion", "\">= 1.30\"")]:
        add(f"{field}: {bad}", "apiVersion: v2\nversion: 1.2.3\nname: web\n" + f"{field}: {bad}\n")

    # the document
    add("an empty file", "")
    add("a comment only", "# nothing\n")
    add("null", "~\n")
    add("text", "web\n")
    add("a list", "- web\n")
    add("a byte order mark", "\ufeff" + BASE)
    add("a byte order mark within", BASE + "\ufeffdescription: x\n")
    add("a document mark", "---\n" + BASE)
    add("a directive", "%YAML 1.1\n---\n" + BASE)
    add("a directive of YAML 1.2", "%YAML 1.2\n---\n" + BASE)
    add("a directive of YAML 2", "%YAML 2.0\n---\n" + BASE)
    add("a tag directive", "%TAG !e! tag:example.com,2026:\n---\n" + BASE + "appVersion: !e!x 1.10\n")
    add("a second document", BASE + "---\nversion: 9.9.9\n")
    add("a second document behind an end", BASE + "...\n---\nversion: 9.9.9\n")
    add("an empty first document", "---\n---\n" + BASE)
    add("a broken second document", BASE + "---\n[\n")
    add("an end and rubbish", BASE + "...\n]]]\n")
    add("no line end", BASE.rstrip("\n"))
    add("lines of Windows", BASE.replace("\n", "\r\n"))
    add("lines of old Macs", BASE.replace("\n", "\r"))
    add("U+2028 ends a line", "apiVersion: v2\nname: web\ndescription: a\u2028version: 9.9.9\n")
    add("U+2029 ends a line", "apiVersion: v2\nname: web\ndescription: a\u2029version: 9.9.9\n")
    add("U+0085 ends a line", "apiVersion: v2\nname: web\ndescription: a\u0085version: 9.9.9\n")
    add("U+2028 in quotes", BASE + "description: \"a\u2028version: 9.9.9\"\n")
    add("U+2028 in a comment", BASE + "# a comment\u2028version: 9.9.9\n")
    add("U+0085 in a comment", "version: 9.9.9\n# a comment\u0085" + BASE)
    add("a form feed", BASE + "# a\fb\n")
    add("a bell", BASE + "description: a\x07b\n")
    add("a NUL", BASE + "description: a\x00b\n")
    add("a delete", BASE + "description: a\x7fb\n")
    add("U+FFFE", BASE + "description: a\ufffeb\n")
    add("an emoji", BASE + "description: a\U0001f600b\n")
    add("a tab between", "apiVersion:\tv2\nname: web\t\nversion: 1.2.3\t# x\n")
    add("a tab as indentation", BASE + "annotations:\n\ta: b\n")
    add("bad indentation", BASE + "  description: x\n")
    add("a mark for comments without space", BASE + "description: a #b\nhome: a#b\n")
    add("a colon without space", BASE + "description: a:b\nhome: http://a:1/b\n")
    add("a colon with a space", BASE + "description: a: b\n")
    add("a flow map with colons", BASE + "annotations: {a:b, c:d}\n")
    add("a flow map with quoted colons", BASE + "annotations: {\"a\":b, 'c':d}\n")
    add("a flow map with a question mark", BASE + "annotations: {?a: b, ? c : d}\n")
    add("a flow list with pairs", BASE + "other: [a: b, ? c]\n")
    add("a flow map with trailing comma", BASE + "annotations: {a: b,}\n")
    add("a flow map over lines", BASE + "annotations: {a: b,\n  c: d\n}\n")
    add("a flow map that ends at the margin", BASE + "annotations: {\na: b\n}\n")
    add("a long key", BASE + "annotations:\n  " + "k" * 900 + ": v\n")
    add("a key that is too long", BASE + "annotations:\n  " + "k" * 1100 + ": v\n")
    add("a key over two lines", BASE + "annotations:\n  a\n  b: v\n")
    add("text over lines", BASE + "description: a\n  b\n\n  c\nhome: \"a\n  b\\\n  c\"\nicon: 'a\n\n  b'\n")
    add("blocks", BASE + "description: |+\n  a\n\n\nhome: >-\n  a\n  b\n\n  c\nicon: |2\n    a\n")
    add("a block with tabs", BASE + "description: |\n  a\tb\n\tc\n")
    add("a block with a bad indicator", BASE + "description: |0\n  a\n")
    add("a block in a comment", BASE + "description: | # x\n  a\n")
    add("a list at the margin", BASE + "keywords:\n- a\n- b\n")
    add("a list in a list", BASE + "other:\n- - a\n  - b\n-\n  - c\n")
    add("at signs", BASE + "description: @a\n")
    add("percent signs", BASE + "description: a%b\nhome: %b\n")
    add("an unclosed quote", BASE + "description: \"a\n")
    add("an unknown escape", BASE + "description: \"\\q\"\n")
    add("a slash escaped", BASE + "description: \"a\\/b\"\n")
    for code in range(0x20, 0x7f):
        letter = chr(code)
        more = {"x": "41", "u": "00e9", "U": "0001f600"}.get(letter, "")
        add(f"the escape {letter}", BASE + f"description: \"a\\{letter}{more}b\"\n")
    for text in ["a\\\\/b", "\\u00E9", "\\x4", "\\x4g", "\\u12", "\\U00110000", "\\ud800", "\\uDFFF", "\\x00", "\\\tb",
                 "a\\\n  b", "a\\\u2028b", "\\\u0085b", "\\\u00e9", "it\\'s \\\\' \\\" \\'", "\\'\\/"]:
        add("the escapes " + repr(text), BASE + f"description: \"{text}\"\n")
    add("an escaped quote in a key", BASE + "annotations: {\"a\\'b\": c}\n")
    add("an escaped slash in a key", BASE + "annotations: {\"a\\/b\": c}\n")
    add("escaped quotes in many texts", BASE + "annotations:\n" + "".join(f"  a{n}: \"\\'\"\n" for n in range(30)))
    add("an escaped slash behind a tag", BASE + "description: !!str &a \"a\\/b\"\n")
    add("an escaped slash in a comment", BASE + "# \"a\\/b\"\n")
    add("an escaped slash in single quotes", BASE + "description: 'a\\/b'\nhome: a\\/b\n")
    add("an escaped slash in a second document", BASE + "---\na: \"\\/\"\n")
    add("an escaped slash in requirements", "apiVersion: v1\nname: web\nversion: 1.2.3\n",
        **{"requirements.yaml": "dependencies: [{name: a, version: \"1\", repository: \"https:\\/\\/a\"}]\n"})
    add("an escaped quote in requirements", "apiVersion: v1\nname: web\nversion: 1.2.3\n",
        **{"requirements.yaml": "dependencies: [{name: a, version: \"1\", repository: \"\\'a\\'\"}]\n"})

    # tags that helm knows and YAML 1.2 does not
    for value in ["aGVsbG8=", "'aGVsbG8='", "''", "aGVsbG8", "%", "/+S4", "YR==", "1234", "12", "yes", "\"aGVs\\nbG8=\"", "|\n  aGVs\n  bG8=\n",
                  "\"aGVs\n  bG8=\"", "~", "[aGVsbG8=]", "{a: b}", "4oCL"]:
        add(f"binary {value!r}", BASE + f"description: !!binary {value}\n")
    add("a binary version", "apiVersion: v2\nname: web\nversion: !!binary MS4yLjM=\n")
    add("a binary name", "apiVersion: v2\nname: !!binary d2Vi\nversion: 1.2.3\n")
    add("binary keywords", BASE + "keywords: [!!binary d2Vi, a]\n")
    add("a binary flag", BASE + "deprecated: !!binary dHJ1ZQ==\n")
    add("a binary annotation", BASE + "annotations: {a: !!binary d2Vi}\n")
    add("a binary key", BASE + "annotations: {!!binary d2Vi: b}\n")
    add("binary in an unknown field", BASE + "other: [!!binary d2Vi, {a: !!binary /w==}]\n")
    add("binary in import-values", BASE + "dependencies: [{name: a, version: '1', repository: b, import-values: [!!binary d2Vi]}]\n")
    for value in ["2001-01-31", "'2001-01-31'", "2001-1-1", "2001-02-30", "2001-12-14t21:59:43.10-05:00", "2001-12-14T21:59:43Z",
                  "2001-12-14 21:59:43.10", "2001-12-14 21:59:43.10 -5", "2001-12-14T21:59:43", "2001-12-14T1:2:3Z", "2001-12-14T21:59:43,5Z",
                  "2001-12-14T21:59:43.Z", "2001-12-14T24:00:00Z", "2001-12-14T21:59:60Z", "2001-12-14T21:59:43+24:60", "2001-12-14T21:59:43+25:00",
                  "2001-12-14T21:59:43+1:00", "2001", "yes", "''", "~", "x", "0001-01-01", "2000-02-29", "1900-02-29", "2001-01-011"]:
        add(f"timestamp {value}", BASE + f"description: !!timestamp {value}\n")
    add("a timestamp for a version", "apiVersion: v2\nname: web\nversion: !!timestamp 2001-01-31\n")
    add("a timestamp in a list", BASE + "keywords: [!!timestamp 2001-01-31]\nother: [!!timestamp 2001-01-31]\n")
    add("quotes doubled", BASE + "description: 'a''b'\n")
    add("text behind quotes", BASE + "description: 'a' b\n")

    # anchors
    add("an anchor", "apiVersion: v2\nname: &n web\nversion: 1.2.3\ndescription: *n\n")
    add("an anchor on a version", "apiVersion: v2\nname: web\nappVersion: &v 1.10\nversion: *v\n")
    add("an anchor that is given twice", "apiVersion: v2\nname: &n web\nhome: &n x\nicon: *n\nversion: 1.2.3\n")
    add("an anchor that is given later", BASE + "home: *n\nicon: &n x\n")
    add("an anchor on a key", "apiVersion: v2\n&k name: web\nversion: 1.2.3\nhome: *k\n")
    add("an alias as a key", "apiVersion: v2\nother: &k name\n*k : web\nversion: 1.2.3\n")
    add("an alias to a map", BASE + "other: &d {name: a, version: 1.10}\ndependencies: [*d]\n")
    add("an alias within itself", BASE + "other: &a [*a]\n")
    add("an alias to nothing", BASE + "home: *a\n")
    add("an anchor across documents", "&a x\n---\n" + BASE + "home: *a\n")
    add("a merge", BASE + "other: &o {home: x, version: 9.9.9}\n<<: *o\n")
    add("a merge before", "other: &o {home: x, version: 9.9.9}\n<<: *o\n" + BASE)
    add("a merge of several", BASE + "a: &a {home: x}\nb: &b {home: y, icon: y}\n<<: [*a, *b]\n")
    add("a merge of a map", "apiVersion: v2\nname: web\n<<: {version: 1.2.3}\n")
    add("a merge of text", BASE + "<<: a\n")
    add("a merge of a list of text", BASE + "<<: [a]\n")
    add("a merge with quotes", BASE + "'<<': {version: 9.9.9}\n")
    add("a merge of itself", "apiVersion: v2\nname: web\nversion: 1.2.3\nother: &o\n  <<: *o\n")
    add("a merge in annotations", BASE + "other: &o {a: b}\nannotations: {<<: *o, c: d}\n")
    bomb = BASE + "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))
    add("a bomb of aliases", bomb)

    # helm decodes all of requirements.yaml on top
    old = "apiVersion: v1\nname: web\nversion: 1.2.3\n"
    add("requirements", old, **{"requirements.yaml": "dependencies:\n- {name: redis, version: 1.10, repository: https://a}\n"})
    add("requirements of a new chart", BASE, **{"requirements.yaml": "dependencies: [{name: redis, version: '1', repository: a}]\n"})
    add("requirements with a version", old, **{"requirements.yaml": "version: 9.9.9\nname: evil\n"})
    add("requirements with an apiVersion", BASE, **{"requirements.yaml": "apiVersion: v1\n"})
    add("requirements over dependencies", BASE + "dependencies: [{name: a, alias: x, tags: [t]}, {name: b}]\n",
        **{"requirements.yaml": "dependencies: [{name: c}]\n"})
    add("requirements with more", BASE + "dependencies: [{name: a, alias: x, tags: [t, u]}]\nannotations: {a: b}\nkeywords: [k, l]\n",
        **{"requirements.yaml": "dependencies: [{name: c, tags: [v]}, {name: d}]\nannotations: {c: d}\nkeywords: [m]\n"})
    add("requirements that are null", BASE + "dependencies: [{name: a}]\n", **{"requirements.yaml": "dependencies: ~\n"})
    add("requirements that are empty", old, **{"requirements.yaml": ""})
    add("requirements that are a list", old, **{"requirements.yaml": "- a\n"})
    add("requirements that are broken", old, **{"requirements.yaml": "[\n"})
    return found


def package(files, top="web"):
    """An archive as `helm package` makes it."""
    archive = Archive()
    for name, content in files.items():
        archive.file(f"{top}/{name}", content)
    return archive.gzip()


class Archive:
    """A tar archive, entry by entry."""

    def __init__(self):
        self.bytes = b""

    def add(self, name, content=b"", form=tarfile.USTAR_FORMAT, **fields):
        content = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
        info = tarfile.TarInfo(name)
        info.size = len(content)
        info.mode = 0o644
        for field, value in fields.items():
            setattr(info, field, value)
        padding = -len(content) % 512
        self.bytes += info.tobuf(form, "utf-8", "surrogateescape") + content + b"\0" * padding
        return self

    file = add

    def raw(self, content):
        self.bytes += content
        return self

    def end(self):
        return self.raw(b"\0" * 1024)

    def gzip(self, end=True):
        return gzipped(self.bytes + (b"\0" * 1024 if end else b""))


def gzipped(content):
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as writer:
        writer.write(content)
    return out.getvalue()


def field(block, start, value):
    """A header with other bytes in it, and a sum that fits."""
    block = bytearray(block)
    block[start:start + len(value)] = value
    block[148:156] = b"        "
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def header(name, size=0, **fields):
    info = tarfile.TarInfo(name)
    info.size = size
    for key, value in fields.items():
        setattr(info, key, value)
    return info.tobuf(tarfile.USTAR_FORMAT)


def padded(text):
    content = text if isinstance(text, bytes) else text.encode()
    return content + b"\0" * (-len(content) % 512)


def record(key, value):
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest)
    while len(str(length)) + len(rest) != length:
        length = len(str(length)) + len(rest)
    return str(length).encode() + rest


def pax(*records, flag=b"x"):
    content = b"".join(record(key, value) for key, value in records)
    return header("pax", len(content), type=flag) + padded(content)


EVIL = "apiVersion: v2\nname: evil\nversion: 9.9.9\n"


def archives():
    """Whole archives, by the case's name."""
    chart = header("web/Chart.yaml", len(BASE)) + padded(BASE)
    evil = header("web/Chart.yaml", len(EVIL)) + padded(EVIL)
    end = b"\0" * 1024
    good = chart + end
    found = {
        "a good chart": gzipped(good),
        "no end": gzipped(chart),
        "one block of zeros": gzipped(chart + b"\0" * 512),
        "one block of zeros and a half": gzipped(chart + b"\0" * 700),
        "one block of zeros, then an entry": gzipped(chart + b"\0" * 512 + evil + end),
        "many zeros": gzipped(good + b"\0" * 9000),
        "odd zeros": gzipped(good + b"\0" * 77),
        "an entry after the end": gzipped(good + evil + end),
        "rubbish after the end": gzipped(good + b"rubbish"),
        "a second member with an evil tail": gzipped(good) + gzipped(evil + end),
        "a second member in the middle": gzipped(chart[:600]) + gzipped(chart[600:] + end),
        "a second member that overrides": gzipped(chart) + gzipped(evil + end),
        "an empty second member": gzipped(good) + gzipped(b""),
        "rubbish after gzip": gzipped(good) + b"rubbish",
        "zeros after gzip": gzipped(good) + b"\0" * 100,
        "gzip cut short": gzipped(good)[:-6],
        "gzip with a wrong sum": gzipped(good)[:-8] + b"\0\0\0\0" + gzipped(good)[-4:],
        "not gzip": good,
        "gzip of another method": b"\x1f\x8b\x07" + gzipped(good)[3:],
        "nothing": b"",
        "gzip of nothing": gzipped(b""),
        "gzip of zeros": gzipped(end),
        "gzip of rubbish": gzipped(b"rubbish" * 200),
        "a file cut short": gzipped(chart[:520]),
        "a header cut short": gzipped(chart + header("web/x")[:300]),
        "padding cut short": gzipped(chart[:512 + len(BASE)]),
        "a wrong checksum": gzipped(chart[:148] + b"000000\0 " + chart[156:] + end),
        "a checksum of signed bytes": gzipped(signed_sum("web/Ch\u00e4rt") + chart + end),
        "a negative size": gzipped(chart + field(header("web/x"), 124, b"\xff" * 12) + end),
        "a binary size": gzipped(field(header("web/Chart.yaml"), 124, (0x80 << 88 | len(BASE)).to_bytes(12, "big"))
                                 + padded(BASE) + end),
        "a size with spaces": gzipped(field(header("web/Chart.yaml"), 124, b"%11o " % len(BASE)) + padded(BASE) + end),
        "a size with letters": gzipped(chart + field(header("web/x"), 124, b"0000000000x\0") + end),
        "an owner with letters": gzipped(field(chart[:512], 108, b"00000x\0\0") + chart[512:] + end),
        "a device with letters": gzipped(field(chart[:512], 329, b"00000x\0\0") + chart[512:] + end),

        "Chart.yaml twice": gzipped(chart + evil + end),
        "Chart.yaml twice, the other order": gzipped(evil + chart + end),
        "Chart.yaml by two paths": gzipped(chart + header("web/./Chart.yaml", len(EVIL)) + padded(EVIL) + end),
        "Chart.yaml by way of a folder": gzipped(header("web/a/../Chart.yaml", len(BASE)) + padded(BASE) + end),
        "Chart.yaml in two folders": gzipped(chart + header("a/Chart.yaml", len(EVIL)) + padded(EVIL) + end),
        "Chart.yaml in two folders, the other order": gzipped(
            header("a/Chart.yaml", len(EVIL)) + padded(EVIL) + chart + end),
        "Chart.yaml in another case": gzipped(header("web/chart.yaml", len(BASE)) + padded(BASE) + end),
        "Chart.yaml in a folder below": gzipped(header("web/a/Chart.yaml", len(BASE)) + padded(BASE) + end),
        "Chart.yaml at the top": gzipped(header("Chart.yaml", len(BASE)) + padded(BASE) + end),
        "Chart.yaml in the folder .": gzipped(header("./Chart.yaml", len(BASE)) + padded(BASE) + end),
        "Chart.yaml below the folder .": gzipped(header("./web/Chart.yaml", len(BASE)) + padded(BASE) + end),
        "Chart.yaml of Windows": gzipped(header("web\\Chart.yaml", len(BASE)) + padded(BASE) + end),
        "Chart.yaml with the mode of a folder": gzipped(
            field(chart[:512], 100, b"0040644\0") + chart[512:] + end),
        "Chart.yaml with the mode of a folder, then another": gzipped(
            field(evil[:512], 100, b"0040644\0") + evil[512:] + chart + end),
        "Chart.yaml with the mode of a file": gzipped(
            field(chart[:512], 100, b"0100644\0") + chart[512:] + end),
        "Chart.yaml with the mode of a link": gzipped(
            field(chart[:512], 100, b"0120644\0") + chart[512:] + end),
        "Chart.yaml with a byte order mark": gzipped(
            header("web/Chart.yaml", len(BASE) + 3) + padded(b"\xef\xbb\xbf" + BASE.encode()) + end),
        "Chart.yaml in UTF-16": utf16("utf-16"),
        "Chart.yaml in UTF-16 without a mark": utf16("utf-16-le"),
        "Chart.yaml in Latin 1": utf16("latin-1"),
        "Chart.yaml as a link": gzipped(header("web/Chart.yaml", type=b"2", linkname="x") + chart + end),
        "Chart.yaml as a link behind": gzipped(chart + header("web/Chart.yaml", type=b"2", linkname="x") + end),
        "Chart.yaml as an old file": gzipped(header("web/Chart.yaml", len(BASE), type=b"\0") + padded(BASE) + end),
        "Chart.yaml as a contiguous file": gzipped(header("web/Chart.yaml", len(BASE), type=b"7") + padded(BASE) + end),
        "Chart.yaml of an unknown type": gzipped(header("web/Chart.yaml", len(BASE), type=b"Z") + padded(BASE) + end),
        "Chart.yaml as an old folder": gzipped(header("web/Chart.yaml/", len(BASE), type=b"\0") + padded(BASE) + end),
        "no Chart.yaml": gzipped(header("web/values.yaml", 4) + padded("a: b") + end),

        "an absolute path": gzipped(chart + header("/etc/passwd") + end),
        "an absolute path behind the folder": gzipped(chart + header("web//etc/passwd") + end),
        "a path that leads out": gzipped(chart + header("web/../../etc/passwd") + end),
        "a path through a folder": gzipped(chart + header("web/a/../b") + end),
        "a folder that leads out": gzipped(chart + header("../evil/", type=b"5") + end),
        "a name with two dots": gzipped(chart + header("web/..evil") + end),
        "a drive": gzipped(chart + header("web/c:/windows") + end),
        "a drive at the top": gzipped(chart + header("c:/web/a") + end),
        "a path of Windows that leads out": gzipped(chart + header("web\\..\\..\\a") + end),
        "a mixed path that leads out": gzipped(chart + header("web/..\\..\\a") + end),
        "a file beside the folder": gzipped(chart + header("README.md", 1) + padded("x") + end),
        "a file in another folder": gzipped(chart + header("other/README.md", 1) + padded("x") + end),
        "another folder's name": gzipped(header("other/Chart.yaml", len(BASE)) + padded(BASE) + end),
        "folders": gzipped(header("web/", type=b"5") + chart + header("web/templates", type=b"5") + end),
        "values twice": gzipped(chart + header("web/values.yaml", 4) + padded("a: 1")
                                + header("web/values.yaml", 4) + padded("a: 2") + end),
        "a symbolic link": gzipped(chart + header("web/a", type=b"2", linkname="/etc/passwd") + end),
        "a hard link": gzipped(chart + header("web/a", type=b"1", linkname="web/Chart.yaml") + end),
        "a device": gzipped(chart + header("web/a", type=b"3") + end),
        "a pipe": gzipped(chart + header("web/a", type=b"6") + end),
        "a sparse file": gzipped(chart + field(header("web/a", type=b"S"), 257, b"ustar  \0") + end),
        "an empty name": gzipped(chart + field(header("web/a"), 0, b"\0") + end),

        "a PAX path": gzipped(pax((b"path", b"web/Chart.yaml")) + header("web/other", len(BASE)) + padded(BASE) + end),
        "a PAX path over Chart.yaml": gzipped(pax((b"path", b"web/other")) + evil + chart + end),
        "an empty PAX path": gzipped(pax((b"path", b"")) + chart + end),
        "two PAX paths": gzipped(pax((b"path", b"web/a"), (b"path", b"web/Chart.yaml"))
                                 + header("web/b", len(BASE)) + padded(BASE) + end),
        "two PAX headers": gzipped(pax((b"path", b"web/a")) + pax((b"mtime", b"1.5")) + chart + end),
        "a PAX path with a NUL": gzipped(pax((b"path", b"web/a\0b")) + chart + end),
        "a PAX size": gzipped(pax((b"size", str(len(BASE)).encode())) + header("web/Chart.yaml", 0) + padded(BASE) + end),
        "a smaller PAX size": gzipped(pax((b"size", b"0")) + header("web/Chart.yaml", 512) + chart + end),
        "a PAX size that hides": gzipped(chart + pax((b"size", b"1024")) + header("web/a", 0) + evil + end),
        "a PAX size of letters": gzipped(pax((b"size", b"x")) + chart + end),
        "a PAX time of letters": gzipped(pax((b"mtime", b"x")) + chart + end),
        "a PAX owner of letters": gzipped(pax((b"uid", b"x")) + chart + end),
        "a PAX header that is broken": gzipped(header("pax", 5, type=b"x") + padded("9 a=\n") + chart + end),
        "a PAX header with a sign": gzipped(header("pax", 7, type=b"x") + padded("+7 a=b\n") + chart + end),
        "a PAX sparse file": gzipped(pax((b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"),
                                         (b"GNU.sparse.name", b"web/Chart.yaml"), (b"GNU.sparse.realsize", b"1"))
                                     + header("web/x", 512) + padded("0\n") + chart + end),
        "a PAX header for all": gzipped(pax((b"path", b"web/evil"), (b"comment", b"x"), flag=b"g") + chart + end),
        "a PAX header for all that is broken": gzipped(header("pax", 5, type=b"g") + padded("9 a=\n") + chart + end),
        "a PAX header for all within": gzipped(pax((b"path", b"web/other")) + pax((b"comment", b"x"), flag=b"g")
                                               + chart + end),
        "a PAX header at the end": gzipped(chart + pax((b"path", b"web/x")) + end),
        "a GNU name": gzipped(gnu("web/Chart.yaml") + header("web/other", len(BASE)) + padded(BASE) + end),
        "a GNU name over Chart.yaml": gzipped(gnu("web/other") + evil + chart + end),
        "a GNU name and a PAX path": gzipped(gnu("web/Chart.yaml") + pax((b"path", b"web/other"))
                                             + header("web/x", len(BASE)) + padded(BASE) + end),
        "a GNU name with a NUL": gzipped(gnu("web/Chart.yaml\0evil") + header("web/x", len(BASE)) + padded(BASE) + end),
        "an empty GNU name": gzipped(gnu("") + chart + end),
        "a prefix": gzipped(field(header("Chart.yaml", len(BASE)), 345, b"web") + padded(BASE) + end),
        "a prefix in the GNU form": gzipped(field(field(header("Chart.yaml", len(BASE)), 345, b"web"), 257, b"ustar  \0")
                                            + padded(BASE) + end),
        "a time in the GNU form": gzipped(field(field(header("web/Chart.yaml", len(BASE)), 345, b"00000000001\0"),
                                                257, b"ustar  \0") + padded(BASE) + end),
        "a prefix in the old form": gzipped(field(field(header("web/Chart.yaml", len(BASE)), 345, b"x"), 257, b"\0" * 8)
                                            + padded(BASE) + end),
        "a prefix in the star form": gzipped(field(field(header("Chart.yaml", len(BASE)), 345, b"web"), 508, b"tar\0")
                                             + padded(BASE) + end),
        "a name of 100 letters": gzipped(chart + header("web/" + "x" * 96) + end),
        "a name that is no UTF-8": gzipped(chart + field(header("web/a"), 4, b"\xff\xfe") + end),
    }
    return found


def signed_sum(name):
    block = bytearray(field(header("web/x"), 0, name.encode("latin-1")))
    block[148:156] = b"        "
    total = sum(byte - 256 if byte > 127 else byte for byte in block)
    block[148:156] = b"%06o\0 " % total
    return bytes(block)


def utf16(encoding):
    text = BASE + "description: \u00e4\n"
    content = text.encode(encoding)
    return gzipped(header("web/Chart.yaml", len(content)) + padded(content) + b"\0" * 1024)


def gnu(name):
    content = name.encode() + b"\0"
    return field(header("././@LongLink", len(content), type=b"L"), 257, b"ustar  \0") + padded(content)
