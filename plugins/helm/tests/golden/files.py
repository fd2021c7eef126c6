"""Charts whose other files, and the charts within them, helm loads or does not."""

import cases

BASE = cases.BASE


def sub(name="sub", version="1.0.0", files=None, top=None):
    """A chart as it lies in charts/, packaged."""
    chart = {"Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: {version}\n", **(files or {})}
    return cases.package(chart, top or name)


def charts():
    """The files below the chart's folder, by the case's name."""
    found = {}

    def add(name, chart=BASE, **files):
        assert name not in found, name
        found[name] = {"Chart.yaml": chart, **{key.replace("__", "/"): text for key, text in files.items()}}

    def values(name, text):
        assert name not in found, name
        found[name] = {"Chart.yaml": BASE, "values.yaml": text}

    for text in ["", "\n", "# nothing\n", "~", "null", "{}", "[]", "a", "1", "a: b", "a: b\n", "a: 1.10\nb: yes\n",
                 "a: [\n", "a: {b: c\n", "a: b: c\n", "\ta: b\n", "a:\n\tb: c\n", "a: b\n\tc: d\n", "a: b\na: c\n",
                 "1: a\n", "true: a\n", "1.5: a\n", "~: a\n", "[a]: b\n", "{a: b}: c\n", "? a\n: b\n", "a: .nan\n",
                 "a: [.inf]\n", "a: 2001-01-01\n", "a: 2001-01-01T12:00:00Z\n", "a: !!binary aGVsbG8=\n",
                 "a: !!binary '%'\n", "a: !!timestamp 2001-01-01\n", "a: !!int x\n", "a: !!set {b, c}\n", "a: !custom b\n",
                 "a: &x b\nc: *x\n", "a: *x\n", "a: &x [*x]\n", "a: &x {b: c}\nd:\n  <<: *x\n", "a:\n  <<: b\n",
                 "a: 'it''s'\nb: \"\\x41\\u00e9\"\n", "a: \"\\q\"\n", "a: '\n", "a: |\n  text\n ---\n", "a: |\n  b\nc: >-\n  d\n  e\n",
                 "a: b # c\n#d\n", "%YAML 1.1\n---\na: b\n", "%YAML 1.2\n---\na: b\n", "%FOO bar\n---\na: b\n", "@a: b\n",
                 "a: @b\n", "a: `b\n", "a: %b\n", "- a\n- b\n", "a: b\n...\n", "a: b\n...\nc: [\n", "---\na: b\n",
                 "--- \na: b\n", "--- # text\na: b\n", "--- {a: b}\n", "---a: b\n", "a: b\n---\n", "a: b\n---\nc: d\n",
                 "a: b\n---\nc: [\n", "a: b\n---\n- c\n", "- c\n---\na: b\n", "a: b\n---\n---\nc: d\n", "a: b\n--- c\n",
                 "a: b\n----\n", "\ufeffa: b\n", "a: \ufeffb\n", "a: b\n\ufeffc: d\n", "a: \u0007\n", "a: \u0085b\n",
                 "a: \u2028b: c\n", "a: b\r\nc: d\r\n", "a: b\rc: d\r", "a: \x00\n", "a: {b: [c, {d: e}]}\n", "a: [1,2,]\n",
                 "a: [,]\n", "{a, b}\n", "a: {b, c: d}\n", "a:b\n", "a: -\n", "a: ?\n", "a: - b\n", "a:\n- b\n-c\n",
                 "'a': b\n\"c\": d\n", "a: {{ .Values.b }}\n", "a: \"{{ .Values.b }}\"\n", "{{ a }}: b\n", "a: !!str\n",
                 "a: 0o17\nb: 0x1F\nc: 1_000\nd: 1e400\n", "18446744073709551616: a\n", "9223372036854775808: a\n",
                 "a: <<\n", "<<: {a: b}\n", "<<: [{a: b}, {c: d}]\n", "<<: a\n", "a: \"b\n\n  c\"\n", "a: 'b\n---\nc'\n",
                 "a: b\n c: d\n", "a:\n  b: c\n d: e\n", "a: [b\n]\n", "a: [b\nc: d]\n", "a: \"\\ud83d\\ude00\"\n",
                 "a: 'b' c\n", "a: \"b\" # c\n", "a: b #c\n", "a: #b\n", "key with spaces: b\n", "a: |2\n  b\n", "a: |0\n  b\n",
                 "a: >+\n b\n\n", "a: !<tag:example.com,2000:x> b\n", "a: !e!x b\n", "a: ! b\n", "!!map {a: b}\n", "&a\nb: c\n",
                 "a: &b\n  c: d\n", "a: &b c\n*b : d\n", "- - a\n", "a: \x7f\n", "x" * 1200 + ": b\n", "? " + "x" * 1200 + "\n: b\n"]:
        values("values " + repr(text)[:60] + (f" of {len(text)}" if len(text) > 50 else ""), text)
    for text in ["a: \"\\/\"\n", "a: \"it\\'s\"\n", "\"a\\'\": b\n", "\"a\\/\": b\n", "a: b\n---\nc: \"\\/\"\n", "a: b\n---\nc: \"\\'\"\n",
                 "# \"\\/\"\na: b\n", "a: '\\/'\n", "a: !!binary '/w=='\n", "a: !!binary 'YQ'\n", "a: !!timestamp x\n"]:
        values("escapes and tags " + repr(text), text)
    values("values with many escaped quotes", "".join(f"a{n}: \"\\'x\\'\"\n" for n in range(200)))
    values("deep values", "a: " + "[" * 200 + "]" * 200 + "\n")
    values("values with 30000 entries", "".join(f"a{n}: b\n" for n in range(30000)))
    values("values of 1.2 MB", "a: |\n" + "  text\n" * 180000)
    values("values that are no UTF-8", b"a: \xff\n")
    values("values in UTF-16", "a: b\n".encode("utf-16"))
    values("values with tabs in a block", "a: |\n  b\n\tc\n  d\n")

    add("an escaped slash in a lock", **{"Chart.lock": "digest: \"a\\/b\"\n"})
    add("an escaped quote in a lock", **{"Chart.lock": "digest: \"a\\'b\"\n"})
    add("binary in a lock", **{"Chart.lock": "digest: !!binary YQ==\n"})
    add("a timestamp in a lock", **{"Chart.lock": "generated: !!timestamp 2026-01-31T12:00:00Z\n"})
    schema = "{\"title\": \"" + "x" * (4 << 20) + "\"}"
    subs = {f"charts/s{n}/Chart.yaml": f"apiVersion: v2\nname: s{n}\nversion: 1.0.0\n" for n in range(5)}
    add("schemas of 20 MiB", **subs, **{f"charts/s{n}/values.schema.json": schema for n in range(5)})
    small = "{\"title\": \"" + "x" * 400_000 + "\"}"
    add("schemas of 18 MB in 45 charts", **{
        f"charts/s{n}.tgz": sub(f"s{n}", files={"values.schema.json": small}) for n in range(45)})
    large = "".join(f"a{n}: {'x' * 4000}\n" for n in range(950))
    add("values of 19 MB", **subs, **{f"charts/s{n}/values.yaml": large for n in range(5)})

    lock = "dependencies: []\ndigest: sha256:00\ngenerated: \"2026-01-31T12:00:00.5+01:00\"\n"
    for text in ["", "~", "{}", "[]", "a", "a: [\n", lock, "generated: 2026-01-31T12:00:00Z\n", "generated: ~\n", "generated: ''\n",
                 "generated: 2026-01-31\n", "generated: 1\n", "generated: never\n", "generated: [a]\n", "digest: 1\n",
                 "digest: [a]\n", "dependencies: a\n", "dependencies: [~]\n", "dependencies: [a]\n",
                 "dependencies: [{name: a, version: 1}]\n", "dependencies: [{name: [a]}]\n", "Digest: a\nGENERATED: 7\n", "other: .nan\n"]:
        add("lock " + repr(text), **{"Chart.lock": text})
        add("old lock " + repr(text), "apiVersion: v1\nname: web\nversion: 1.2.3\n", **{"requirements.lock": text})

    for text in ["", " ", "{}", "true", "{} ", "{}\n{}", "{a: 1}", "{\"a\": 1,}", "[", "// a\n{}", "{\"a\":1,\"a\":2}", "\ufeff{}",
                 "{\"title\": \"\\ud800\"}", "{\"default\": 1e999}", "{\"default\": 01}", "{\"default\": NaN}", "{\"title\": \"a\tb\"}",
                 "{\"default\": " + "[" * 300 + "]" * 300 + "}", "nonsense"] + [
                 f'{{"$schema": "{draft}"}}' for draft in [
                     "http://json-schema.org/schema#", "http://json-schema.org/draft-03/schema#", "http://json-schema.org/draft-04/schema#",
                     "http://json-schema.org/draft-04/schema", "https://json-schema.org/draft-06/schema#", "http://json-schema.org/draft-07/schema#",
                     "https://json-schema.org/draft-07/schema", "https://json-schema.org/draft/2019-09/schema",
                     "https://json-schema.org/draft/2020-12/schema", "https://json-schema.org/draft/2020-12/schema#",
                     "http://json-schema.org/draft/2020-12/schema", "http://127.0.0.1:1/schema", ""]]:
        add("schema " + repr(text)[:70], **{"values.schema.json": text})
    add("schema that is no UTF-8", **{"values.schema.json": b'{"title": "\xff"}'})

    # charts within
    good = "apiVersion: v2\nname: sub\nversion: 1.0.0\n"
    needs = BASE + "dependencies: [{name: sub, version: 1.x.x, repository: ''}]\n"
    add("a chart within", needs, **{"charts/sub-1.0.0.tgz": sub()})
    add("a chart within, under another name", needs, **{"charts/other.tgz": sub()})
    add("a chart within, in another folder", needs, **{"charts/sub-1.0.0.tgz": sub(top="elsewhere")})
    add("a chart within, with provenance", needs, **{"charts/sub-1.0.0.tgz": sub(), "charts/sub-1.0.0.tgz.prov": "x"})
    add("a chart within, unpacked", needs, **{"charts/sub/Chart.yaml": good, "charts/sub/values.yaml": "a: b\n"})
    add("a chart within, unpacked, under another name", needs, **{"charts/other/Chart.yaml": good})
    add("a chart within a chart within", needs, **{"charts/sub.tgz": sub(files={"charts/deep.tgz": sub("deep")})})
    add("unpacked within unpacked", needs, **{"charts/sub/Chart.yaml": good, "charts/sub/charts/deep/Chart.yaml": good})
    add("packed within unpacked", needs, **{"charts/sub/Chart.yaml": good, "charts/sub/charts/deep.tgz": sub("deep")})
    add("no chart within", needs)
    add("no chart within, and none enabled", BASE + "dependencies: [{name: sub, version: 1.x.x, repository: '', condition: a.b}]\n")
    add("another chart within", needs, **{"charts/a.tgz": sub("other")})
    add("an empty archive within", **{"charts/a.tgz": b""})
    add("no archive within", **{"charts/a.tgz": "nothing"})
    add("gzip within that is no tar", **{"charts/a.tgz": cases.gzipped(b"nothing" * 200)})
    add("half an archive within", **{"charts/a.tgz": sub()[:60]})
    add("an archive within with a wrong sum", **{"charts/a.tgz": sub()[:-8] + b"\0" * 8})
    add("rubbish after an archive within", **{"charts/a.tgz": sub() + b"rubbish"})
    add("an archive within without a chart", **{"charts/a.tgz": cases.package({"values.yaml": ""}, "a")})
    add("an archive within with nothing in it", **{"charts/a.tgz": cases.gzipped(b"\0" * 1024)})
    add("a chart within without a name", **{"charts/a.tgz": cases.package({"Chart.yaml": "version: 1.0.0\n"}, "a")})
    add("a chart within without a version", **{"charts/a.tgz": cases.package({"Chart.yaml": "name: a\n"}, "a")})
    add("a chart within of an odd version", **{"charts/a.tgz": sub(version="1.x")})
    add("a chart within of a short version", **{"charts/a.tgz": sub(version="'1.0'")})
    add("a chart within with a broken Chart.yaml", **{"charts/a.tgz": cases.package({"Chart.yaml": "a: ["}, "a")})
    add("a chart within with broken values", **{"charts/a.tgz": sub(files={"values.yaml": "a: [\n"})})
    add("a chart within with a broken lock", **{"charts/a.tgz": sub(files={"Chart.lock": "a: [\n"})})
    add("a chart within with a broken schema", needs, **{"charts/a.tgz": sub(files={"values.schema.json": "a"})})
    add("a chart within that leads out", **{"charts/a.tgz": sub(files={"../../a": "x"})})
    add("a chart within with two folders", **{"charts/a.tgz": sub(files={"a/../../b": "x"})})
    add("a chart within that lacks one", needs, **{"charts/a.tgz": cases.package(
        {"Chart.yaml": good + "dependencies: [{name: deep, version: 1.x.x, repository: ''}]\n"}, "sub")})
    add("unpacked without Chart.yaml", **{"charts/a/values.yaml": ""})
    add("unpacked with a broken Chart.yaml", **{"charts/a/Chart.yaml": "a: ["})
    add("unpacked with broken values", **{"charts/a/Chart.yaml": good, "charts/a/values.yaml": "a: ["})
    add("unpacked in a folder like an archive", **{"charts/a.tgz/Chart.yaml": good})
    add("a file in charts", **{"charts/README.md": "x"})
    add("a file in charts that helm ignores", **{"charts/.gitkeep": "", "charts/_x": "y"})
    add("a folder in charts that helm ignores", **{"charts/_a/values.yaml": "a: [", "charts/.b/Chart.yaml": "a: ["})
    add("a provenance alone", **{"charts/a.tgz.prov": "x"})
    add("a folder of a provenance", **{"charts/a/x.prov": "x"})
    add("an archive in capitals", **{"charts/a.TGZ": sub()})
    add("an archive by its other name", **{"charts/a.tar.gz": sub()})
    add("an archive in a folder in charts", **{"charts/a/b.tgz": sub()})
    for api_version in ["v3", "v7", "''"]:
        other = good.replace("v2", api_version)
        add(f"a chart within of apiVersion {api_version}", **{"charts/a.tgz": cases.package({"Chart.yaml": other}, "a")})
        add(f"unpacked of apiVersion {api_version}", **{"charts/a/Chart.yaml": other})
    add("a chart within with a number that is none", **{
        "charts/a.tgz": cases.package({"Chart.yaml": good + "appVersion: .inf\n"}, "a")})
    add("unpacked with a number that is none", **{"charts/a/Chart.yaml": good + "appVersion: .inf\n"})
    add("unpacked with a number that is none, unknown", **{"charts/a/Chart.yaml": good + "other: .inf\n"})
    for number in [".inf", "-.NAN", "1e999", "-1e999"]:
        add(f"values with {number}", **{"values.yaml": f"a: {number}\n"})
        add(f"a lock with {number}", **{"Chart.lock": f"dependencies: [{{name: a, version: {number}}}]\n"})
        add(f"a lock with {number}, unknown", **{"Chart.lock": f"other: {number}\n"})
    add("an old chart within", "apiVersion: v1\nname: web\nversion: 1.2.3\n", **{
        "requirements.yaml": "dependencies: [{name: sub, version: 1.x.x, repository: ''}]\n", "charts/sub-1.0.0.tgz": sub()})
    deep = sub("deep0")
    for n in range(1, 12):
        deep = sub(f"deep{n}", files={f"charts/deep{n - 1}.tgz": deep})
    add("twelve charts deep", **{"charts/deep.tgz": deep})
    return found
