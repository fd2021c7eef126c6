//! Charts within charts, and the bounds that they share.

use roadstead_plugin_sdk::testing::{Tar, gzip};

use crate::push::{chart, codes, only, stopped_by, unpacked};

fn within(name: &str) -> Tar {
    let yaml = format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n");
    Tar::new().file(&format!("{name}/Chart.yaml"), yaml)
}

#[test]
fn a_chart_within_is_held_to_the_same_rules() {
    for (archive, code) in [
        (within("a").entry("a/link", b'2', b""), "RSH025"),
        (within("a").file("a/../../x", ""), "RSH024"),
        (within("a").file("a/chart.yaml", ""), "RSH034"),
        (within("a").file("a/values.yaml", "").file("a/values.yaml", ""), "RSH029"),
        (within("a").file("b/values.yaml", ""), "RSH026"),
        (within("a").file("a/big", vec![0; (5 << 20) + 1]), "RSH023"),
        (within("a").file("a/values.yaml", "a: [\n"), "RSH051"),
        (within("a").end().file("a/x", ""), "RSH030"),
        (Tar::new().file("a/values.yaml", ""), "RSH055"),
    ] {
        let report = unpacked(chart().file("web/charts/a.tgz", archive.gzip()));
        assert_eq!(only(&report).0, code);
        let path = report.findings()[0].found_path().unwrap();
        assert!(path.starts_with("web/charts/a.tgz"), "{path}");
    }
    let broken =
        unpacked(chart().file("web/charts/a.tgz", gzip(b"no archive".repeat(99).as_slice())));
    assert_eq!(
        stopped_by(&broken),
        (
            "RSH021",
            "\"web/charts/a.tgz\" is not a valid tar archive: a header without a valid checksum at \
             byte 0; package the chart again with helm package"
        )
    );
    let values = unpacked(
        chart().file("web/charts/a.tgz", within("a").file("a/values.yaml", "\n- a").gzip()),
    );
    assert_eq!(only(&values).1, "helm can't read values.yaml: it is not a map; correct it");
    let finding = &values.findings()[0];
    let place = (finding.found_path(), finding.found_line());
    assert_eq!(place, (Some("web/charts/a.tgz!a/values.yaml"), Some(2)));
    let odd = unpacked(chart().file("web/charts/a/Chart.yaml", "name: a\nversion: 'x'\n"));
    assert_eq!(only(&odd).1, "the version \"x\" is not a valid version; use one such as 1.4.0");
    let place = (odd.findings()[0].found_path(), odd.findings()[0].found_line());
    assert_eq!(place, (Some("web/charts/a/Chart.yaml"), Some(2)));
}

#[test]
fn a_broken_layer_is_not_blamed_on_a_chart_within() {
    let noise: Vec<u8> =
        (0..2250_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let whole = chart().file("web/charts/a.tgz", within("a").file("a/x", noise).gzip());
    let bytes = whole.bytes();
    let report = unpacked(Tar::new().raw(&bytes[..bytes.len() - 3000]));
    let (code, message) = stopped_by(&report);
    assert_eq!(code, "RSH021");
    assert!(message.starts_with("the chart layer is not a valid tar archive: "), "{message}");
}

#[test]
fn charts_within_are_bounded_together() {
    let zeros = vec![0; 5 << 20];
    let bomb =
        (0..19).fold(within("a"), |archive, n| archive.file(&format!("a/{n}"), &zeros)).gzip();
    let one = unpacked(chart().file("web/charts/a.tgz", &bomb));
    assert_eq!(codes(&one), [""; 0], "95 MiB are what helm takes");
    let mut nested = within("a").gzip();
    for _ in 0..40 {
        nested = within("a").file("a/charts/a.tgz", &nested).gzip();
    }
    let report = unpacked(chart().file("web/charts/a.tgz", &nested));
    let (code, message) = stopped_by(&report);
    assert!(code == "RSH022" && message.contains("beyond 32 levels"), "{message}");
    let many = (0..500).fold(chart(), |archive, n| archive.file(&format!("web/charts/{n}.md"), ""));
    assert_eq!(codes(&unpacked(many)), ["RSH055"; 10]);
}

/// The bounds are the plugin's own, and helm has none of them.
#[test]
fn many_large_files_are_no_reason_to_refuse() {
    let schema = |bytes: usize| format!("{{\"title\": \"{}\"}}", "x".repeat(bytes));
    let sub = |name: &str| format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n");
    let large = schema(4 << 20);
    let unpacked_charts = (0..5).fold(chart(), |archive, n| {
        archive
            .file(&format!("web/charts/s{n}/values.schema.json"), &large)
            .file(&format!("web/charts/s{n}/Chart.yaml"), sub(&format!("s{n}")))
    });
    assert_eq!(codes(&unpacked(unpacked_charts)), [""; 0], "20 MiB of schemas");
    let small = schema(400_000);
    let packed = (0..45).fold(chart(), |archive, n| {
        let name = format!("s{n}");
        let within = within(&name).file(&format!("{name}/values.schema.json"), &small);
        archive.file(&format!("web/charts/{name}.tgz"), within.gzip())
    });
    assert_eq!(codes(&unpacked(packed)), [""; 0], "45 charts with 400 kB");
    let values = format!("a: {}\n", "x".repeat(1 << 20));
    let many = (0..40).fold(chart(), |archive, n| {
        archive
            .file(&format!("web/charts/s{n}/values.yaml"), &values)
            .file(&format!("web/charts/s{n}/Chart.yaml"), sub(&format!("s{n}")))
    });
    assert_eq!(codes(&unpacked(many)), [""; 0], "40 MiB of values");
    // and what is broken is found behind as much
    let broken = chart().file("web/charts/s/Chart.yaml", sub("s"));
    let broken = (0..5).fold(broken, |archive, n| {
        let folder = format!("web/charts/s{n}");
        let archive = archive.file(&format!("{folder}/Chart.yaml"), sub(&format!("s{n}")));
        archive.file(&format!("{folder}/values.schema.json"), &large)
    });
    let broken = broken.file("web/charts/s/values.schema.json", "{");
    assert_eq!(only(&unpacked(broken)).0, "RSH053");
}

#[test]
fn a_large_schema_is_read_to_its_end() {
    let schema = |end: &str| format!("{{\"title\": \"{}\"{end}", "x".repeat(6 << 20));
    let good = unpacked(chart().file("web/values.schema.json", schema("}")));
    assert_eq!(codes(&good), ["RSH023"], "which helm 4 does not mind");
    let bad = unpacked(chart().file("web/values.schema.json", schema("")));
    assert_eq!(codes(&bad), ["RSH023", "RSH053"]);
    let marked = unpacked(chart().file("web/values.schema.json", "\u{feff}{}"));
    assert_eq!(codes(&marked), [""; 0]);
}

/// A bound that was reached is told as such, and nothing else is made of what lies behind it.
#[test]
fn a_bound_is_told_by_its_name() {
    let large = |name: &str| {
        let text = "x".repeat(1_000_000);
        format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\ndescription: {text}\n")
    };
    let needs = format!("{}dependencies: [{{name: s19}}]\n", crate::push::CHART_YAML);
    let charts = (0..20).fold(Tar::new().file("web/Chart.yaml", needs), |archive, n| {
        archive.file(&format!("web/charts/s{n}/Chart.yaml"), large(&format!("s{n}")))
    });
    let report = unpacked(charts);
    let found = codes(&report);
    assert!(found.contains(&"RSH022") && !found.contains(&"RSH055"), "{found:?}");
    assert!(!found.contains(&"RSH056"), "nobody knows that: {found:?}");
    let bound = report.findings().iter().find(|found| found.code() == "RSH022").unwrap();
    assert!(bound.message().contains("more than 16 MiB"), "{}", bound.message());
    let zeros = vec![0; 5 << 20];
    let bomb =
        (0..19).fold(within("a"), |archive, n| archive.file(&format!("a/{n}"), &zeros)).gzip();
    let two = unpacked(chart().file("web/charts/a.tgz", &bomb).file("web/charts/b.tgz", &bomb));
    let (code, message) = stopped_by(&two);
    assert!(code == "RSH022" && message.contains("more than 132 MiB"), "{message}");
}
