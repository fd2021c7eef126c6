//! The cases that run in the sandbox as well.

use roadstead_plugin_image::Image;
use roadstead_plugin_sdk::testing;

#[test]
fn every_case_becomes_what_it_says() {
    testing::cases::<Image>("cases");
}
