//! The image plugin over blobs in memory: images that somebody changed, and what real tools push.

mod build;
mod cases;
mod configs;
mod diffs;
mod golden;
mod indexes;
mod layers;
mod metadata;
mod scopes;
mod settings;
