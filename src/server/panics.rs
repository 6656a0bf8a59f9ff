//! A panic in a handler costs that request alone: its caller is answered 500, and the connection and its worker go on.
//!
//! `fast_path` puts it around both ways that a request can take. A caught panic is logged, never swallowed.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

use crate::http::problem::Problem;

/// The output of `handling`; 500 `internal` if it panics. The caller pins it, so it is not moved.
pub(super) fn catch_panic<T>(
    mut handling: Pin<&mut impl Future<Output = T>>,
) -> impl Future<Output = Result<T, Problem>> + Unpin {
    poll_fn(move |context| {
        // A request's own state is dropped with it; shared state is changed under locks that no panic can leave half done.
        match catch_unwind(AssertUnwindSafe(|| handling.as_mut().poll(context))) {
            Ok(polled) => polled.map(Ok),
            Err(_panic) => Poll::Ready(Err(internal_error())),
        }
    })
}

/// The same for handling that does not wait.
pub(super) fn catch_panic_sync<T>(
    handling: impl FnOnce() -> Result<T, Problem>,
) -> Result<T, Problem> {
    catch_unwind(AssertUnwindSafe(handling)).unwrap_or_else(|_panic| Err(internal_error()))
}

fn internal_error() -> Problem {
    tracing::error!("handler panicked; answered 500");
    Problem::internal()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::pin::pin;
    use std::time::Duration;

    use actix_http::{Request, Response};
    use actix_service::fn_service;
    use actix_web::{HttpResponse, ResponseError};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::catch_panic;
    use crate::server::listener;
    use crate::server::sockets::Listener;

    async fn answer(
        request: Request,
    ) -> Result<Response<actix_http::body::BoxBody>, actix_web::Error> {
        let handling = pin!(async {
            assert_eq!(request.path(), "/fine", "a handler of this test panics");
            HttpResponse::NoContent().finish()
        });
        let answer = catch_panic(handling)
            .await
            .unwrap_or_else(|problem| problem.error_response());
        Ok(answer.into())
    }

    /// The head of the next answer.
    async fn ask(socket: &mut TcpStream, path: &str) -> String {
        let head = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
        socket.write_all(head.as_bytes()).await.expect("sends");
        let mut bytes = vec![0; 4096];
        let read = socket.read(&mut bytes);
        let read = tokio::time::timeout(Duration::from_secs(10), read).await;
        let n = read.expect("in time").expect("reads");
        String::from_utf8_lossy(bytes.get(..n).unwrap_or_default()).into_owned()
    }

    #[test]
    fn a_panic_costs_that_request_alone() {
        actix_web::rt::System::new().block_on(panic_and_go_on());
    }

    async fn panic_and_go_on() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let server =
            listener::serve(Listener::Tcp(listener), 1, || fn_service(answer)).expect("a server");
        let handle = server.handle();
        let running = actix_web::rt::spawn(server);

        let mut beside = TcpStream::connect(address).await.expect("connects");
        let mut socket = TcpStream::connect(address).await.expect("connects");
        assert!(ask(&mut beside, "/fine").await.contains(" 204 "));
        for _ in 0..3 {
            let broken = ask(&mut socket, "/panics").await;
            assert!(
                broken.contains(" 500 ") && broken.contains("internal"),
                "{broken}"
            );
            // The same connection, and another of the same worker.
            assert!(ask(&mut socket, "/fine").await.contains(" 204 "));
            assert!(ask(&mut beside, "/fine").await.contains(" 204 "));
        }
        handle.stop(false).await;
        running.await.expect("joins").expect("ends well");
    }
}
