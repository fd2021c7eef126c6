//! Running it: configuration, logs, slow clients, stopping.

mod commands;
mod configuration;
mod logs;
mod plugins;
mod slow_clients;
mod stopping;
