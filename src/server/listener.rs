//! The public listener: actix's own server and HTTP, over connections that are guarded and can be given away.
//!
//! `server` starts it; it is what actix-web's `HttpServer` would be, with [`Connection`] in the place of the bare socket.

use std::fmt::Debug;
use std::rc::Rc;
use std::time::Duration;

use actix_http::body::MessageBody;
use actix_http::error::DispatchError;
use actix_http::{HttpService, Request, Response};
use actix_server::{GracefulShutdownSignal, Server, ServerBuilder};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, fn_service, map_config,
};
use actix_web::Error;
use actix_web::dev::AppConfig;
use socket2::SockRef;
use tokio::net::{TcpStream, UnixStream};

use super::sockets::{BACKLOG, Listener};
use crate::http::connection::{ClientStream, Connection};

/// How long running requests may take after the signal to stop.
const DRAIN_SECONDS: u64 = 10;
/// What the kernel takes of an answer before its reader does (it doubles this). Accepted connections inherit it.
const SEND_BUFFER: usize = 64 * 1024;
/// A peer that acknowledges nothing for so long is gone, should nobody have noticed before.
const UNANSWERED: Duration = Duration::from_secs(45);

/// Serves `app`, one made for each worker, until its handle stops it.
pub(super) fn serve<F, I, S, B>(
    listener: Listener,
    workers: usize,
    app: F,
) -> std::io::Result<Server>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<Error> + 'static,
    S::InitError: Debug,
    S::Response: Into<Response<B>> + 'static,
    <S::Service as Service<Request>>::Future: 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    let builder = ServerBuilder::default();
    let stopping = builder.graceful_shutdown_signal();
    let builder = builder
        .workers(workers)
        .shutdown_timeout(DRAIN_SECONDS)
        .disable_signals();
    let builder = match listener {
        Listener::Tcp(listener) => {
            let socket = SockRef::from(&listener);
            socket.set_tcp_user_timeout(Some(UNANSWERED))?;
            prepare(&socket)?;
            builder.listen("public", listener, move || {
                http::<TcpStream, _, _, _>(app(), stopping.clone())
            })?
        }
        Listener::Unix(listener) => {
            prepare(&SockRef::from(&listener))?;
            builder.listen_uds("public", listener, move || {
                http::<UnixStream, _, _, _>(app(), stopping.clone())
            })?
        }
    };
    Ok(builder.run())
}

fn prepare(socket: &SockRef<'_>) -> std::io::Result<()> {
    socket.set_send_buffer_size(SEND_BUFFER)?;
    // On a socket that listens already this changes the backlog alone.
    socket.listen(BACKLOG)
}

/// HTTP with `app` over connections of one kind.
fn http<Io, I, S, B>(
    app: I,
    stopping: GracefulShutdownSignal,
) -> impl ServiceFactory<Io, Config = (), Response = (), Error = DispatchError, InitError = ()>
where
    Io: Into<ClientStream> + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<Error> + 'static,
    S::InitError: Debug,
    S::Response: Into<Response<B>> + 'static,
    <S::Service as Service<Request>>::Future: 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    let app = app
        .into_factory()
        .map_err(|error| error.into().error_response());
    let http = HttpService::build()
        .graceful_shutdown_signal(move || {
            let stopping = stopping.clone();
            async move { stopping.notified().await }
        })
        .client_request_timeout(Duration::from_secs(10))
        .client_disconnect_timeout(Duration::from_secs(2))
        .keep_alive(Duration::from_secs(75))
        .on_connect_ext(|connection: &Connection, data| {
            data.insert(Rc::clone(connection.line()));
        })
        .h1(map_config(app, |()| AppConfig::default()));
    fn_service(|io: Io| async move {
        let connection = Connection::new(io);
        let peer = connection.peer();
        Ok((connection, peer))
    })
    .and_then(http)
}
