//! A plugin that never says what it is.

use roadstead_plugin_sdk::prelude::*;

struct Stall;

impl Plugin for Stall {
    type Settings = NoSettings;

    fn describe() -> Metadata {
        loop {
            std::hint::black_box(0);
        }
    }

    fn review(_: &Target, _: &NoSettings) -> Review {
        Ok(None)
    }
}

export!(Stall);
