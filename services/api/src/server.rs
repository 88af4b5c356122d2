//! Builds the application and serves it on a listener that somebody else has bound.

use std::{io, net::TcpListener, time::Duration};

use actix_web::{
    App, Error, HttpServer,
    body::BoxBody,
    dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse},
    error::UrlencodedError,
    middleware::{Compress, from_fn},
    web::{self, Data, FormConfig, PathConfig},
};
use utoipa_actix_web::AppExt;

use crate::{
    access::guard,
    desk::Desks,
    dress::dress,
    error::{Code, Failure},
    house::House,
    routes,
    settings::Settings,
};

/// Threads that serve.
const WORKERS: usize = 2;

/// The longest form, bytes.
const FORM_MOST: usize = 1024 * 1024;

/// Serves until the returned server is dropped or stopped. Handles no signals.
///
/// # Errors
/// Fails if the listener has no local address, or if `public_url` is not an http(s) address.
pub fn serve(listener: TcpListener, desks: Desks, settings: Settings) -> io::Result<Server> {
    let tls = settings.tls.clone();
    let connections = (settings.max_connections / WORKERS).max(1);
    let house = House::new(desks, settings, listener.local_addr()?)?;
    let house = Data::new(house);
    let server = HttpServer::new(move || application(house.clone()))
        .workers(WORKERS)
        // for each worker; further ones wait in the kernel's queue
        .max_connections(connections)
        // for a request's head; bodies have a patience of their own
        .client_request_timeout(Duration::from_secs(10))
        .client_disconnect_timeout(Duration::from_secs(5))
        .keep_alive(Duration::from_secs(60))
        .tls_handshake_timeout(Duration::from_secs(10))
        .shutdown_timeout(5)
        .disable_signals();
    let server = match tls {
        Some(tls) => server.listen_rustls_0_23(listener, tls)?,
        None => server.listen(listener)?,
    };
    Ok(server.run())
}

/// The application, for the server and for tests.
pub(crate) fn application(
    house: Data<House>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new()
        .into_utoipa_app()
        .configure(routes::register)
        .into_app()
        .app_data(house)
        // each byte of a form may come as three
        .app_data(
            FormConfig::default()
                .limit(FORM_MOST)
                .error_handler(|error, _| {
                    let code = if matches!(error, UrlencodedError::Overflow { .. }) {
                        Code::BodyTooLarge
                    } else if matches!(error, UrlencodedError::ContentType) {
                        Code::MediaUnsupported
                    } else {
                        Code::BodyMalformed
                    };
                    Failure::new(code).log(error.to_string()).into()
                }),
        )
        .app_data(PathConfig::default().error_handler(|error, _| {
            Failure::new(Code::PathMalformed)
                .log(error.to_string())
                .into()
        }))
        // Access control lets no unknown path through; this stands behind it.
        .default_service(web::to(|| async {
            Err::<&str, _>(Failure::new(Code::RouteUnknown))
        }))
        .wrap(from_fn(guard))
        .wrap(Compress::default())
        .wrap(from_fn(dress))
}
