//! An address with its name and its methods; any other method is answered 405.
//!
//! `routes`, `moderation_routes` and `admin_routes` build every address by it; `middleware` reads the name that it leaves.

use actix_web::{HttpResponse, Resource, Route, web};

use crate::http::problem::Problem;

/// A route's name, left on its requests: asking the router for it would match every pattern a second time.
pub(super) struct RouteName(pub &'static str);

/// An address that answers 405, with what it allows, to any method that it has no route for.
pub(super) fn resource(path: &str, name: &'static str, allow: &'static str) -> Resource {
    let refuse =
        move || async move { Err::<HttpResponse, Problem>(Problem::method_not_allowed(allow)) };
    web::resource(path.to_owned())
        .app_data(RouteName(name))
        .default_service(web::to(refuse))
}

/// One that can be read; HEAD answers as GET does, without the body.
pub(super) fn readable<F, Args>(
    path: &str,
    name: &'static str,
    allow: &'static str,
    get: F,
) -> Resource
where
    F: actix_web::Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    let head: Route = web::head().to(get.clone());
    resource(path, name, allow)
        .route(web::get().to(get))
        .route(head)
}
