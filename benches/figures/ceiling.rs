//! The ceiling: the smallest actix-web server that could stand in our place. A PUT parses the same JSON body and answers
//! 204; a GET answers the bytes of a file.
//!
//! Run by this bench as a process of its own, from the same build flags and with the same number of workers.
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpResponse, HttpServer};
use serde::Deserialize;

#[derive(Deserialize)]
struct Cast {
    choice: tallyship::vocabulary::Choice,
}

/// Serves until it is killed; prints its address as our server does.
pub fn serve(body_file: &str) {
    let body = Bytes::from(std::fs::read(body_file).expect("the body to answer"));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    println!(
        "listening on http://{}",
        listener.local_addr().expect("an address")
    );
    let server = HttpServer::new(move || {
        let body = body.clone();
        App::new().service(
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
        )
    });
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
