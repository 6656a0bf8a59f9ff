//! The public listener: actix's own server and HTTP, over connections that are guarded and can be given away.
//!
//! `server` starts it; it is what actix-web's `HttpServer` would be, with [`Connection`] in the place of the bare socket.

use std::fmt::Debug;
use std::net::TcpListener;
use std::rc::Rc;
use std::time::Duration;

use actix_http::body::MessageBody;
use actix_http::{HttpService, Request, Response};
use actix_server::{Server, ServerBuilder};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, fn_service, map_config,
};
use actix_web::Error;
use actix_web::dev::AppConfig;
use socket2::SockRef;
use tokio::net::TcpStream;

use crate::http::connection::Connection;

/// How long running requests may take after the signal to stop.
const DRAIN_SECONDS: u64 = 10;
/// What the kernel takes of an answer before its reader does (it doubles this). Accepted connections inherit it.
const SEND_BUFFER: usize = 64 * 1024;
/// A peer that acknowledges nothing for so long is gone, should nobody have noticed before.
const UNANSWERED: Duration = Duration::from_secs(45);
/// Connections that may wait to be accepted, as far as the kernel allows (`net.core.somaxconn`). With the standard library's
/// 128, a crowd that came at once was left to the clients' retries, a second or more apart.
const BACKLOG: i32 = 4096;

/// Serves `app`, one made for each worker, until its handle stops it.
pub(super) fn serve<F, I, S, B>(
    listener: TcpListener,
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
    let socket = SockRef::from(&listener);
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.set_tcp_user_timeout(Some(UNANSWERED))?;
    // On a socket that listens already this changes the backlog alone.
    socket.listen(BACKLOG)?;
    let builder = ServerBuilder::default();
    let stopping = builder.graceful_shutdown_signal();
    let server = builder
        .workers(workers)
        .shutdown_timeout(DRAIN_SECONDS)
        .disable_signals()
        .listen("public", listener, move || {
            let stopping = stopping.clone();
            let app = app()
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
            fn_service(|io: TcpStream| async move {
                let connection = Connection::new(io);
                let peer = connection.peer();
                Ok((connection, peer))
            })
            .and_then(http)
        })?
        .run();
    Ok(server)
}
