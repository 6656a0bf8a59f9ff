//! The listeners' sockets: bound here, or passed by systemd; a Unix socket's file goes with its server.
//!
//! `server` opens them before anything else. It must remove no file but a socket on which nobody listens.

use std::fs::{self, File, Permissions};
use std::io::{Error, ErrorKind, Result};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use listenfd::ListenFd;
use socket2::{Domain, SockAddr, Socket, Type};

use super::ServeError;
use crate::config::{Http, ListenAddress};

/// Connections that may wait to be accepted, as far as the kernel allows (`net.core.somaxconn`). With the standard library's
/// 128, a crowd that came at once was left to the clients' retries, a second or more apart.
pub(super) const BACKLOG: i32 = 4096;

/// Sockets that systemd, or who speaks as it does, opened for this process (`LISTEN_FDS`): the public one, then the admin one.
pub struct PassedSockets(ListenFd);

impl PassedSockets {
    /// Call it while there is one thread: it takes the variables away, so that no child believes them.
    pub fn from_env() -> Self {
        Self(ListenFd::from_env())
    }

    fn take(&mut self, index: usize) -> Result<Option<Listener>> {
        match self.0.take_unix_listener(index) {
            Ok(found) => Ok(found.map(Listener::Unix)),
            Err(_other) => Ok(self.0.take_tcp_listener(index)?.map(Listener::Tcp)),
        }
    }
}

pub(super) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Listener {
    fn address(&self) -> Result<ListenAddress> {
        Ok(match self {
            Self::Tcp(listener) => ListenAddress::Tcp(listener.local_addr()?),
            Self::Unix(listener) => {
                let address = listener.local_addr()?;
                ListenAddress::Unix(address.as_pathname().unwrap_or(Path::new("")).to_owned())
            }
        })
    }
}

/// An open listener, and what is to be removed when it ends.
pub(super) struct OpenListener {
    pub listener: Listener,
    pub address: ListenAddress,
    pub file: Option<SocketFile>,
}

/// The file of a Unix socket that this server made; removed with it, unless another server has replaced it.
pub(super) struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|found| found == self.identity) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> Result<(u64, u64)> {
    let found = fs::symlink_metadata(path)?;
    Ok((found.dev(), found.ino()))
}

/// The public listener and the admin listener.
pub(super) fn open(
    mut passed: PassedSockets,
    http: &Http,
) -> std::result::Result<(OpenListener, Option<OpenListener>), ServeError> {
    let count = passed.0.len();
    if count > 2 {
        let cause = Error::other(format!("{count} were passed"));
        return Err(ServeError::Passed(cause));
    }
    let mut listen = |index, setting, address: Option<&ListenAddress>| {
        let found = passed.take(index).map_err(ServeError::Passed)?;
        match (found, address) {
            (Some(listener), _) => Ok(Some(OpenListener {
                address: listener.address()?,
                listener,
                file: None,
            })),
            (None, Some(address)) => bind(address, http.socket_mode)
                .map(Some)
                .map_err(|cause| ServeError::Listen(setting, address.clone(), cause)),
            (None, None) => Ok(None),
        }
    };
    let public = listen(0, "http.listen", Some(&http.listen))?;
    let admin = listen(1, "http.admin_listen", http.admin_listen.as_ref())?;
    let public = public.ok_or_else(|| Error::other("no public listener"))?;
    Ok((public, admin))
}

fn bind(address: &ListenAddress, mode: u32) -> Result<OpenListener> {
    let (listener, file) = match address {
        ListenAddress::Tcp(address) => (Listener::Tcp(bind_tcp(*address)?), None),
        ListenAddress::Unix(path) => {
            let (listener, file) = bind_unix(path, mode)?;
            (Listener::Unix(listener), Some(file))
        }
    };
    let address = listener.address()?;
    Ok(OpenListener {
        listener,
        address,
        file,
    })
}

fn bind_tcp(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).or_else(|cause| {
        // `:8080` means all addresses, also of a machine without IPv6.
        if address.ip() == Ipv6Addr::UNSPECIFIED {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port())).map_err(|_same| cause)
        } else {
            Err(cause)
        }
    })
}

fn bind_unix(path: &Path, mode: u32) -> Result<(UnixListener, SocketFile)> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = File::open(folder.unwrap_or(Path::new(".")))?;
    // Of two servers that start at once, the second must find a socket of the first that already listens.
    folder.lock()?;
    remove_stale(path)?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&SockAddr::unix(path)?)?;
    let file = SocketFile {
        path: path.to_owned(),
        identity: identity(path)?,
    };
    // Nobody can connect before it listens.
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    socket.listen(BACKLOG)?;
    Ok((socket.into(), file))
}

/// Removes what a server left that was killed.
fn remove_stale(path: &Path) -> Result<()> {
    let Ok(found) = fs::symlink_metadata(path) else {
        return Ok(());
    };
    if !found.file_type().is_socket() {
        let cause = "a file is there that is not a socket";
        return Err(Error::new(ErrorKind::AlreadyExists, cause));
    }
    let probe = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // A full queue of connections would make it wait.
    probe.set_nonblocking(true)?;
    match probe.connect(&SockAddr::unix(path)?) {
        Err(cause) if cause.kind() == ErrorKind::ConnectionRefused => fs::remove_file(path),
        _ => Err(ErrorKind::AddrInUse.into()),
    }
}
