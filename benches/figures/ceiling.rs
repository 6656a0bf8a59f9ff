//! The ceiling: the smallest actix-web server that could stand in our place. A PUT parses the same JSON body and answers
//! 204; a GET answers the bytes of a file.
//!
//! Run by this bench as a process of its own, from the same build flags and with the same number of workers.
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::web::{self, Bytes, ServiceConfig};
use actix_web::{App, HttpResponse, HttpServer};
use serde::Deserialize;

/// A vote's body.
#[derive(Deserialize)]
pub struct Cast {
    pub choice: tallyship::domain::Choice,
}

/// Serves what `configure` lays down, on as many workers as our server has, until it is killed; prints its address as our
/// server does. For everything bare that stands beside us.
pub fn run(configure: impl Fn(&mut ServiceConfig) + Clone + Send + 'static) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    println!(
        "listening on http://{}",
        listener.local_addr().expect("an address")
    );
    let server = HttpServer::new(move || App::new().configure(configure.clone()));
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let running = server
        .workers(workers)
        .listen(listener)
        .expect("listens")
        .run();
    actix_web::rt::System::new()
        .block_on(running)
        .expect("serves");
}

/// A PUT is parsed and answered 204, a GET with the bytes of a file.
pub fn serve(body_file: &str) {
    let body = Bytes::from(std::fs::read(body_file).expect("the body to answer"));
    run(move |config| {
        let body = body.clone();
        config.service(
            web::resource("/{path:.*}")
                .route(web::put().to(|cast: web::Json<Cast>| async move {
                    std::hint::black_box(cast.choice);
                    HttpResponse::NoContent().finish()
                }))
                .route(web::get().to(move || {
                    let mut answer = HttpResponse::Ok().body(body.clone());
                    answer
                        .headers_mut()
                        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                    async move { answer }
                })),
        );
    });
}
