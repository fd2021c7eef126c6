//! Running it: configuration, logins, logs, starting, many and slow clients, stopping.

mod commands;
mod compiling;
mod configuration;
mod connections;
mod http1;
mod logins;
mod logs;
mod plugins;
mod slow_clients;
mod slow_readers;
mod starting;
mod stopping;
mod terminal;
