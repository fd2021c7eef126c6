//! Parts that a chart has, and what the manifest says of it.

use roadstead_plugin_helm::Helm;
use roadstead_plugin_sdk::{
    Report, Severity, Target,
    testing::{Scene, Tar},
};
use serde_json::json;

use crate::push::{
    CHART, CHART_YAML, CONFIG, PROVENANCE, Push, TITLE, VERSION, chart, codes, config, only,
    stopped_by,
};

#[test]
fn annotations_that_say_something_else_are_warned_of() {
    let push = Push::new(&config(), &chart().gzip());
    let report = push.clone().annotation(TITLE, "other").review();
    assert_eq!(
        only(&report),
        (
            "RSH005",
            "the annotation org.opencontainers.image.title is \"other\", but the chart's name is \
             \"web\"; push the chart with helm"
        )
    );
    assert!(!report.rejects(), "helm reads no annotation");
    let report = push.annotation(VERSION, "1.2.4").review();
    assert_eq!((only(&report).0, report.rejects()), ("RSH006", false));
    // they are compared with what helm installs
    let thin = Push::new(&json!({}), &chart().gzip()).repository("web");
    assert_eq!(codes(&thin.clone().annotation(TITLE, "web").review()), ["RSH046"]);
    assert_eq!(codes(&thin.annotation(TITLE, "other").review()), ["RSH046", "RSH005"]);
}

#[test]
fn a_chart_has_its_parts_and_no_others() {
    let layer = chart().gzip();
    let push = || Push::new(&config(), &layer);
    assert_eq!(stopped_by(&push().config_type(&format!("{CONFIG}; x=y")).review()).0, "RSH001");
    assert_eq!(stopped_by(&push().config_type(&CONFIG.to_uppercase()).review()).0, "RSH001");
    assert_eq!(stopped_by(&push().layer(CHART, b"second").review()).0, "RSH002");
    assert_eq!(stopped_by(&push().layer("application/tar+gzip", b"second").review()).0, "RSH002");
    assert_eq!(codes(&push().layer(CHART, &layer).review()), [""; 0], "the same is no second one");
    assert_eq!(codes(&push().layer_type("application/tar+gzip").review()), [""; 0]);
    let none = push().layer_type("text/plain").review();
    assert_eq!(codes(&none), ["RSH002", "RSH004", "RSH050"]);
    let unjudged = |report: &Report| report.findings().last().unwrap().message().to_owned();
    assert_eq!(
        unjudged(&none),
        "nobody knows what this chart installs: it does not have exactly one chart layer; correct \
         the other findings"
    );
    let configless = push().config_type("text/plain").review();
    assert!(unjudged(&configless).contains("it has no config of helm's type"));
    let unclear = push().config_bytes(b"[]").review();
    assert!(unjudged(&unclear).contains("its config could not be read"));
    let cut = Push::new(&config(), &layer[..40]).review();
    assert!(unjudged(&cut).contains("its layer could not be read as a whole"));
    let signed = push().layer(PROVENANCE, b"one");
    assert_eq!(codes(&signed.clone().review()), ["RSH060"]);
    assert_eq!(codes(&signed.layer(PROVENANCE, b"two").review()), ["RSH003"]);
    let other = push().layer("application/vnd.oci.image.layer.v1.tar", b"other").review();
    assert!(!other.rejects() && codes(&other) == ["RSH004"]);
}

#[test]
fn no_part_stands_where_helm_would_take_it_for_another() {
    let layer = chart().gzip();
    let push = || Push::new(&config(), &layer);
    let second = push().layer(CONFIG, br#"{"name":"evil"}"#).review();
    assert_eq!(
        only(&second),
        (
            "RSH007",
            "layer 1 has the type \"application/vnd.cncf.helm.config.v1+json\", which helm reads \
             as the chart's config wherever it is; push the chart without it"
        )
    );
    for (media_type, codes_found) in [
        (CONFIG, &["RSH007"][..]),
        (CHART, &["RSH002", "RSH007", "RSH050"]),
        ("application/tar+gzip", &["RSH002", "RSH007", "RSH050"]),
        (PROVENANCE, &["RSH007"]),
        ("application/vnd.example.other", &[]),
    ] {
        let report = push().subject(media_type).review();
        assert_eq!(codes(&report), codes_found, "{media_type} as the subject");
    }
    let signed = push().layer(PROVENANCE, b"one").subject(PROVENANCE).review();
    assert_eq!(codes(&signed), ["RSH003", "RSH007"]);
    let swapped = Push::new(&config(), &layer).config_type(CHART).layer(CONFIG, b"{}").review();
    assert_eq!(codes(&swapped), ["RSH080", "RSH002", "RSH007", "RSH050"]);
    let many = (0..200).fold(push(), |push, n| push.layer(CONFIG, n.to_string().as_bytes()));
    assert_eq!(many.review().findings().len(), 10);
}

/// helm finds its parts wherever they stand, so that what it installs is judged.
#[test]
fn a_config_among_the_layers_is_the_chart_s() {
    let carried = |yaml: &str| {
        let layer = Tar::new().file("web/Chart.yaml", yaml).gzip();
        Push::new(&json!({}), &layer)
            .repository("web")
            .config_type("application/vnd.example+json")
            .layer(CONFIG, config().to_string().as_bytes())
            .review()
    };
    let good = carried(CHART_YAML);
    assert_eq!((codes(&good), good.rejects()), (vec!["RSH080"], false));
    assert_eq!(codes(&carried(&CHART_YAML.replace("1.2.3", "9.9.9"))), ["RSH080", "RSH041"]);
}

#[test]
fn what_is_no_chart_is_left_alone() {
    let mut scene = Scene::new();
    let image = scene
        .manifest("image")
        .config("application/vnd.oci.image.config.v1+json", b"{}")
        .layer("application/vnd.oci.image.layer.v1.tar+gzip", b"")
        .build();
    assert_eq!(scene.review::<Helm>(&image, "{}"), Ok(None));
    let blob = scene.blob_target(CHART, b"");
    assert!(matches!(blob, Target::Blob(_)));
    assert_eq!(scene.review::<Helm>(&blob, "{}"), Ok(None));
    let disguised = scene.manifest("unknown").config(CONFIG, b"{}").build();
    assert!(scene.review::<Helm>(&disguised, "{}").unwrap().unwrap().rejects());
}

/// As a failure it would be tried again for ever.
#[test]
fn a_part_that_is_not_there_is_found() {
    let config = config().to_string();
    let layer = chart().gzip();
    for (part, message) in [
        (config.as_bytes(), "the chart's config is not stored here; push it before the manifest"),
        (&layer, "the chart's layer is not stored here; push it before the manifest"),
    ] {
        let mut scene = Scene::new();
        let chart =
            scene.manifest("helm-chart").repository("web").config(CONFIG, config.as_bytes());
        let target = chart.layer(CHART, &layer).build();
        let digest = scene.blob(part);
        scene.forget(&digest);
        let report = scene.review::<Helm>(&target, "{}").unwrap().unwrap();
        assert_eq!(stopped_by(&report), ("RSH008", message));
        assert!(report.findings().iter().all(|found| found.severity() == Severity::Error));
    }
}
