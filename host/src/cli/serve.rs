//! `roadstead serve`

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    pin::pin,
    sync::Arc,
    time::{Duration, SystemTime},
};

use anyhow::Context;
use clap::Args;
use tokio::{
    net::{TcpListener, UnixListener},
    signal::unix::{SignalKind, signal},
    sync::watch,
    time::Instant,
};

use roadstead_storage::DataFolder;

use super::with_compiler;
use crate::{
    app::App,
    config::{self, Config},
    http::{
        Ready, listener,
        listener::{HttpConfig, Listener},
    },
    telemetry,
};

/// Most connections of the operator's commands at once.
const COMMANDS_MAX: usize = 64;

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// A TOML file; can be repeated, and later files win
    #[arg(short = 'c', long = "config", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Address and port, such as 127.0.0.1:5000
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// The data folder
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A policy: a file, or a folder of files; the server reloads it when it changes
    #[arg(long, value_name = "PATH")]
    policy: Option<PathBuf>,
}

impl Serve {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let mut flags = Vec::new();
        flags.extend(self.listen.map(|listen| ("http.listen", listen.to_string())));
        flags.extend(self.data.map(|data| ("storage.folder", data.display().to_string())));
        flags.extend(self.policy.map(|policy| ("policy.path", policy.display().to_string())));
        let mut config = Config::load(&self.files, &config::environment()?, &flags)?;
        config.check()?;
        config.engine = with_compiler(&config.engine)?;
        telemetry::start(&config.log)?;
        let folder = DataFolder::take(&config.storage.folder)?;
        serve(config, folder).await
    }
}

async fn serve(mut config: Config, mut folder: DataFolder) -> anyhow::Result<()> {
    let started = SystemTime::UNIX_EPOCH + Duration::from_secs(unix_now());
    // from the start, or a signal before the end of it would kill
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut signalled = pin!(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    });
    config.http.fit_open_files();
    let tcp = bind(config.http.listen).await?;
    let address = tcp.local_addr()?;
    tracing::info!(config = serde_json::to_string(&config)?, "configuration");
    tracing::info!(addr = %address, "starting; requests get 503 until the policy is loaded");
    let (stop, stopped) = watch::channel(false);
    let ready = Ready::default();
    let (router, http) = (ready.router(), config.http.clone());
    let clients = listener::serve(Listener::Tcp(tcp), router, http, stopped.clone());
    let clients = tokio::spawn(clients);
    let app = tokio::select! {
        app = App::build(&config, &folder) => Arc::new(app?),
        () = &mut signalled => {
            tracing::info!("stopped before startup was complete");
            return Ok(());
        }
    };
    let socket = socket_path(folder.path());
    let unix = bind_socket(&socket)?;
    let process = std::process::id().to_string();
    folder.announce(&[("pid", &process), ("socket", &socket.display().to_string())])?;
    ready.set(app.router());
    tracing::info!(
        addr = %address,
        data = %folder.path().display(),
        policy = app.registry.admission.policy().hash(),
        version = env!("CARGO_PKG_VERSION"),
        "listening"
    );
    let folder = Arc::new(folder);
    sweep_staging(Arc::clone(&folder), started);
    let following = tokio::spawn({
        let app = Arc::clone(&app);
        async move { app.follow().await }
    });
    let drain = Duration::from_secs(config.http.drain_seconds_max);
    let stopping = async {
        signalled.await;
        tracing::info!("stopping; requests under way may finish");
        stop.send_replace(true);
        Instant::now() + drain
    };
    let commands = HttpConfig { connections_max: COMMANDS_MAX, ..config.http };
    let commands = listener::serve(Listener::Unix(unix), app.operations(), commands, stopped);
    let (clients, (), end) = tokio::join!(clients, commands, stopping);
    clients?;
    following.abort();
    app.finish(end).await;
    // it is of no use to anyone now
    drop(std::fs::remove_file(&socket));
    tracing::info!("stopped");
    Ok(())
}

async fn bind(listen: SocketAddr) -> anyhow::Result<TcpListener> {
    let bound = TcpListener::bind(listen).await;
    bound.with_context(|| format!("can't listen on {listen}; is another server running there?"))
}

/// Removes what earlier runs were writing when they were killed. Returns at once.
fn sweep_staging(folder: Arc<DataFolder>, started: SystemTime) {
    tokio::task::spawn_blocking(move || match folder.sweep(started) {
        Ok(removed) => tracing::debug!(removed, "removed staging files of earlier runs"),
        Err(error) => tracing::warn!(%error, "staging files of earlier runs could not be removed"),
    });
}

/// Whole seconds, rounded down: a staging file of this run is never older.
fn unix_now() -> u64 {
    u64::try_from(roadstead_storage::Clock::system().now().as_second()).unwrap_or_default()
}

/// `socket` in the data folder, or where that is too long for a socket a name in the folder for
/// temporary files; the lock file says which.
fn socket_path(folder: &Path) -> PathBuf {
    const BYTES_MAX: usize = 107;
    let path = folder.join("socket");
    if path.as_os_str().len() <= BYTES_MAX {
        return path;
    }
    let digest = roadstead_oci::Digest::of(
        roadstead_oci::Algorithm::Sha256,
        path.as_os_str().as_encoded_bytes(),
    );
    std::env::temp_dir().join(format!("roadstead-{}.socket", &digest.hex()[..32]))
}

/// Only the folder's owner may speak to the server there.
fn bind_socket(path: &Path) -> anyhow::Result<UnixListener> {
    use std::os::unix::fs::PermissionsExt;
    // the lock is ours, so whoever made it is dead
    drop(std::fs::remove_file(path));
    let bound = UnixListener::bind(path)
        .with_context(|| format!("can't create the socket {}", path.display()))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(bound)
}
