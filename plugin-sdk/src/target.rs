//! Short ways through what is pushed.

use crate::{Descriptor, Manifest, Property, Role};

impl Manifest {
    /// The config, if it has one.
    pub fn config(&self) -> Option<&Descriptor> {
        self.descriptors.iter().find(|descriptor| descriptor.role == Role::Config)
    }

    /// The layers, in their order.
    pub fn layers(&self) -> impl Iterator<Item = &Descriptor> {
        self.descriptors.iter().filter(|descriptor| descriptor.role == Role::Layer)
    }

    /// What it refers to, if anything.
    pub fn subject(&self) -> Option<&Descriptor> {
        self.descriptors.iter().find(|descriptor| descriptor.role == Role::Subject)
    }

    /// The value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        value(&self.annotations, key)
    }
}

impl Descriptor {
    /// The media type without parameters, in lower case.
    pub fn media_type_essence(&self) -> String {
        roadstead_oci::media_type::essence(&self.media_type).to_ascii_lowercase()
    }

    /// The value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        value(&self.annotations, key)
    }
}

fn value<'a>(properties: &'a [Property], key: &str) -> Option<&'a str> {
    properties.iter().find(|property| property.key == key).map(|property| property.value.as_str())
}
