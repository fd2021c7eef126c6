//! The chart layer: archives that helm would not unpack, or others would unpack differently.

use roadstead_plugin_sdk::testing::{Tar, gzip};

use crate::push::{CHART_YAML, Push, chart, codes, config, only, stopped_by, unpacked};

#[test]
fn nothing_leads_out_of_a_chart() {
    for (path, why) in [
        ("../../etc/passwd", "leads out of the chart's folder"),
        ("web/../../etc/passwd", "leads out of the chart's folder"),
        ("/etc/passwd", "is absolute"),
        ("web//etc/passwd", "is absolute"),
        ("web\\..\\..\\a", "leads out of the chart's folder"),
        ("web/c:/windows", "names a Windows drive"),
        ("Chart.yaml/Chart.yaml", "has a folder named Chart.yaml, which helm rejects"),
    ] {
        let report = unpacked(chart().file(path, "x"));
        let quoted = path.replace('\\', "\\\\");
        let message = format!("the path \"{quoted}\" {why}; remove it from the chart");
        let first = &report.findings()[0];
        assert_eq!((first.code(), first.message()), ("RSH024", message.as_str()));
    }
    let alone = Tar::new().file("Chart.yaml/Chart.yaml", CHART_YAML);
    assert_eq!(codes(&unpacked(alone)), ["RSH024", "RSH027"]);
    for (type_flag, what) in [
        (b'1', "a hard link"),
        (b'2', "a symbolic link"),
        (b'3', "a device"),
        (b'6', "a named pipe"),
        (b'Z', "an entry of an unknown type"),
    ] {
        let report = unpacked(chart().entry("web/templates/a", type_flag, b""));
        let (code, message) = only(&report);
        assert_eq!(code, "RSH025");
        assert!(message.starts_with(&format!("\"web/templates/a\" is {what}, ")), "{message}");
    }
    for path in ["README.md", "other/README.md"] {
        assert_eq!(only(&unpacked(chart().file(path, "x"))).0, "RSH026", "{path}");
    }
}

#[test]
fn a_chart_is_one_chart() {
    let evil = CHART_YAML.replace("1.2.3", "9.9.9");
    // whatever the policy makes of the first finding, what helm would install is compared
    let evils = ["RSH029", "RSH041"];
    assert_eq!(codes(&unpacked(chart().file("web/Chart.yaml", &evil))), evils);
    assert_eq!(codes(&unpacked(chart().file("web/./Chart.yaml", &evil))), evils);
    let elsewhere = unpacked(chart().file("other/Chart.yaml", &evil));
    assert_eq!(codes(&elsewhere), ["RSH026", "RSH041"]);
    let by_way_of = unpacked(chart().file("web/a/../Chart.yaml", &evil));
    assert_eq!(codes(&by_way_of), ["RSH024", "RSH029", "RSH041"]);
    assert_eq!(codes(&unpacked(chart().file("web/values.yaml", ""))), ["RSH029"]);
    assert_eq!(codes(&unpacked(chart().file("web/values.yaml/a", ""))), ["RSH029"]);
    assert_eq!(codes(&unpacked(chart().entry("web/Chart.yaml", b'5', b""))), ["RSH029"]);
    assert_eq!(stopped_by(&unpacked(Tar::new().file("web/values.yaml", ""))).0, "RSH028");
    let same = |archive: Tar, _| archive.file("web/Chart.yaml", CHART_YAML);
    let report = unpacked((0..9).fold(chart(), same));
    assert_eq!(codes(&report).last(), Some(&"RSH050"), "more of them than are read");
    let elsewhere = Tar::new().file("other/Chart.yaml", CHART_YAML);
    assert_eq!(codes(&unpacked(elsewhere)), ["RSH027"]);
    let twice = chart().raw(&[0; 1024]).file("web/Chart.yaml", &evil);
    let report = unpacked(twice);
    assert_eq!(
        only(&report),
        (
            "RSH030",
            "the chart archive has data after its end (byte 3072), where helm stops and other \
             programs do not; package the chart again with helm package"
        )
    );
    let good = chart().gzip();
    let member = Tar::new().file("web/Chart.yaml", &evil).gzip();
    let report = Push::new(&config(), &[good, member].concat()).review();
    assert_eq!(codes(&report), ["RSH030"]);
}

#[test]
fn what_can_t_be_unpacked_is_refused() {
    let review = |layer: &[u8]| Push::new(&config(), layer).review();
    let good = chart().gzip();
    for (layer, code) in [
        (&b""[..], "RSH020"),
        (b"no gzip at all", "RSH020"),
        (&[0x28, 0xb5, 0x2f, 0xfd, 0x04, 0, 1, 0, 0, 0x99, 0xe9, 0xd8, 0x51], "RSH020"),
        (&good[..good.len() / 2], "RSH020"),
        (&[&good[..], b"rubbish"].concat(), "RSH020"),
        (&gzip(b"no archive".repeat(100).as_slice()), "RSH021"),
        (&gzip(&[b"web/".as_slice(), &[0; 50]].concat()), "RSH021"),
    ] {
        assert_eq!(stopped_by(&review(layer)).0, code, "{layer:?}");
    }
    // flags, then where the name begins
    let mut long = vec![0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 255];
    long.extend([b'x'; 512]);
    long.push(0);
    long.extend(&good[10..]);
    assert_eq!(stopped_by(&review(&long)).0, "RSH020");
    let later = [&chart().gzip()[..], &long].concat();
    assert_eq!(stopped_by(&review(&later)).0, "RSH020");
    long.remove(10);
    assert_eq!(codes(&review(&long)), [""; 0]);
}

#[test]
fn what_two_readers_of_tar_unpack_differently_is_refused() {
    let layer = Tar::new().pax("path", "web/values.yaml").pax("mtime", "1").file("web/a", "");
    let report = unpacked(chart().raw(layer.bytes()));
    assert_eq!(
        stopped_by(&report),
        (
            "RSH021",
            "\"pax\" is a second header of its kind for one entry, which tar readers interpret \
             differently; package the chart again with helm package"
        )
    );
    let exported = Tar::new().entry("pax_global_header", b'g', b"19 comment=0123456\n");
    let exported = exported.raw(chart().bytes());
    assert_eq!(codes(&unpacked(exported)), [""; 0], "git archive writes a comment");
}

#[test]
fn bombs_are_refused_and_cost_little() {
    let zeros = vec![0; 4 << 20];
    let many = (0..26).fold(chart(), |archive, n| archive.file(&format!("web/{n}"), &zeros));
    let report = unpacked(many);
    let (code, message) = only(&report);
    assert!(code == "RSH022" && message.contains("100 MiB"), "{message}");
    let more = (0..40).fold(chart(), |archive, n| archive.file(&format!("web/{n}"), &zeros));
    assert_eq!(codes(&unpacked(more)), ["RSH022", "RSH022", "RSH050"]);
    let report = unpacked(chart().file("web/big.bin", vec![0; (5 << 20) + 1]));
    assert_eq!(
        only(&report),
        (
            "RSH023",
            "\"web/big.bin\" has 5242881 bytes, but helm 3 accepts at most 5 MiB; list it in \
             .helmignore"
        )
    );
    assert_eq!(codes(&unpacked(chart().file("web/big.bin", vec![0; 5 << 20]))), [""; 0]);
    let entries = (0..10_001).fold(chart(), |archive, n| archive.file(&format!("web/{n}"), ""));
    assert_eq!(stopped_by(&unpacked(entries)).0, "RSH022");
    let deep = |n: usize| [&format!("web/{n}/"), &"a/".repeat(40)[..], "a"].concat();
    let long = Tar::new().entry("x", b'L', &b"web/a".repeat(200_000)).file("x", "");
    let report = unpacked(chart().raw(long.bytes()));
    let path = report.findings()[0].found_path().map(str::len);
    assert_eq!((stopped_by(&report).0, path), ("RSH024", Some(1024)));
    let name = |n: usize| format!("web/{n}{}", "\u{1ea1}".repeat(330));
    let named = |archive: Tar, n| archive.entry("x", b'L', name(n).as_bytes()).file("x", "");
    let report = unpacked((0..9_900).fold(chart(), named));
    let (code, message) = stopped_by(&report);
    assert!(code == "RSH022" && message.contains("more than 2 MiB"), "{message}");
    let folders = (0..2_000).fold(chart(), |archive, n| archive.file(&deep(n), ""));
    let report = unpacked(folders);
    let (code, message) = stopped_by(&report);
    assert!(code == "RSH022" && message.contains("50000 files and folders"), "{message}");
}

#[test]
fn findings_are_bounded() {
    let archive =
        (0..500).fold(chart(), |archive, n| archive.entry(&format!("web/{n}"), b'2', b""));
    assert_eq!(codes(&unpacked(archive.clone())), ["RSH025"; 10]);
    // and what comes after them is looked at
    let evil = CHART_YAML.replace("1.2.3", "9.9.9");
    let report = unpacked(archive.file("web/values.yaml", "").file("web/Chart.yaml", evil));
    assert_eq!(codes(&report)[10..], ["RSH029", "RSH029", "RSH041"]);
}

/// Of an ordinary file another system has another one, and helm leaves it alone.
#[test]
fn names_that_some_systems_take_for_others_are_warned_of() {
    for (path, code) in [
        ("web/a\u{7f}", "RSH033"),
        ("web/templates/a:b.yaml", "RSH033"),
        ("web/NOTES.txt.", "RSH033"),
        ("web/templates/values.yaml:x", "RSH033"),
    ] {
        let report = unpacked(chart().file(path, "x"));
        assert_eq!((only(&report).0, report.rejects()), (code, false), "{path}");
    }
    for (one, other) in [
        ("web/README.md", "web/readme.md"),
        ("web/templates/NOTES.txt", "web/templates/Notes.txt"),
        ("web/docs/a", "web/Docs/b"),
        ("web/\u{e4}", "web/a\u{308}"),
        ("web/files/Chart.yaml", "web/files/chart.yaml"),
    ] {
        let report = unpacked(chart().file(one, "x").file(other, "y"));
        assert_eq!((only(&report).0, report.rejects()), ("RSH032", false), "{other}");
    }
    let folders = chart().file("web/docs/a", "").file("web/Docs/b", "");
    assert_eq!(
        only(&unpacked(folders)).1,
        "macOS or Windows treat \"web/Docs/b\" and \"docs\" as the same path; rename one"
    );
}

/// Where helm goes by a name, another system has another chart.
#[test]
fn a_chart_is_the_same_on_every_system() {
    let within = "apiVersion: v2\nname: a\nversion: 1.0.0\n";
    let chart = || chart().file("web/templates/a", "").file("web/charts/a/Chart.yaml", within);
    for path in [
        "web/chart.yaml",
        "web/CHART.YAML",
        "web/Values.yaml/x",
        "web/Chart.yaml.",
        "web/Chart.yaml ",
        "web/Chart.yaml:stream",
        "web/Chart.yaml::$DATA",
        "web/Chart\u{200d}.yaml",
        "web/values.schema.json:x",
        "web/Templates/b",
        "web/templates./b",
        "web/CHARTS/evil/Chart.yaml",
        "web/charts/a/chart.yaml",
        "web/charts/a/values.yaml.",
    ] {
        let report = unpacked(chart().file(path, "x"));
        assert_eq!((only(&report).0, report.rejects()), ("RSH034", true), "{path}");
    }
    let twice = unpacked(chart().file("web/charts/A/Chart.yaml", within));
    assert_eq!(codes(&twice), ["RSH034"]);
    let inner = Tar::new().file("a/Chart.yaml", within).file("a/Chart.yaml.", within).gzip();
    let report = unpacked(self::chart().file("web/charts/a.tgz", inner));
    assert_eq!(only(&report).0, "RSH034");
    let redis = "apiVersion: v2\nname: redis\nversion: 1.2.3\n";
    let redis = Tar::new().file("redis/Chart.yaml", redis).gzip();
    let good = self::chart()
        .entry("web/", b'5', b"")
        .entry("web/templates/", b'5', b"")
        .file("web/templates/NOTES.txt", "")
        .file("web/templates/_helpers.tpl", "")
        .file("web/templates/tests/test-connection.yaml", "")
        .file("web/charts/redis-1.2.3.tgz", redis)
        .file("web/.helmignore", "");
    assert_eq!(codes(&unpacked(good)), [""; 0], "what helm create makes");
}
