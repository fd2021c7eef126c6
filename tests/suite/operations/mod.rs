//! Running it: configuration, logs, slow clients, stopping.

mod configuration;
mod logs;
mod slow_clients;
mod stopping;
