//! The HTTP server.

use std::io;
use std::net::SocketAddr;

use actix_web::middleware::from_fn;
use actix_web::{App as Http, HttpServer, web};
use belfort_openapi::ui::{Docs, Refusal};

use crate::error::{FieldCode, Problem};
use crate::middleware::{Counters, middleware};
use crate::routes;
use crate::state::{App, Services, Settings};

/// Seconds that requests under way have to finish when the server is told to stop.
const DRAIN: u64 = 30;

/// Serves until it is told to stop by `SIGTERM` or `SIGINT`; then what is under way is finished and nothing new taken in.
///
/// `on_ready` hears where the API listens, once it does.
pub async fn serve(
    settings: Settings,
    services: Services,
    on_ready: impl FnOnce(SocketAddr),
) -> io::Result<()> {
    let document = crate::document::document().map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        io::Error::other(format!("the OpenAPI document has faults: {}", faults.join("; ")))
    })?;
    let docs = Docs::new(&document).map_err(io::Error::other)?;
    let app = web::Data::from(App::new(settings.clone(), services, &document));
    let counters = web::Data::new(Counters::default());

    let (shared, counted) = (app.clone(), counters.clone());
    let api = HttpServer::new(move || {
        Http::new()
            .app_data(shared.clone())
            .app_data(counted.clone())
            .wrap(from_fn(middleware))
            .configure(docs.routes(|refusal| refused(&refusal).into()))
            .configure(routes::probes)
            .service(routes::api())
    })
    .max_connections(settings.max_connections)
    .shutdown_timeout(DRAIN);
    let api = match settings.workers {
        Some(workers) => api.workers(workers),
        None => api,
    };
    let api = api.bind(settings.listen)?;
    let listening = api.addrs().first().copied().unwrap_or(settings.listen);
    let Some(admin) = settings.admin_listen else {
        on_ready(listening);
        return api.run().await;
    };
    // It hears no signals: who stops first stops the other, and this one has nothing to drain.
    let admin = HttpServer::new(move || {
        Http::new()
            .app_data(app.clone())
            .app_data(counters.clone())
            .wrap(from_fn(middleware))
            .configure(routes::admin)
    })
    .workers(1)
    .disable_signals()
    .bind(admin)?
    .run();
    let handle = admin.handle();
    let admin = actix_web::rt::spawn(admin);
    on_ready(listening);
    let served = api.run().await;
    handle.stop(false).await;
    admin.await.map_err(io::Error::other)??;
    served
}

fn refused(refusal: &Refusal) -> Problem {
    match refusal {
        Refusal::UnknownFormat => {
            Problem::invalid_field("format", FieldCode::InvalidChoice, "must be one of json, yaml")
        }
    }
}
