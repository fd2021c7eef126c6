//! Running it: configuration, logins, logs, slow clients, stopping.

mod commands;
mod compiling;
mod configuration;
mod logins;
mod logs;
mod plugins;
mod slow_clients;
mod stopping;
