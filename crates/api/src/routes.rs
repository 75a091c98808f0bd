//! Every route, in one table.

use crate::output::BASE_PATH;
use actix_web::web as plain;
use paperclip::actix::web::{self, Scope, delete, get, patch, post, put};

use crate::handlers::{
    attachments, audit, auth, comments, invitations, me, probes, reports, roles, signup, tags, task_links,
    tasks, teams, time_entries, users, workspace,
};

/// The scope `/api/v1`, with its documentation.
pub(crate) fn api() -> Scope {
    work(people(web::scope(BASE_PATH)))
}

/// The routes of accounts, people and permissions.
fn people(scope: Scope) -> Scope {
    let at = web::resource;
    scope
        .service(at("/signup").route(post().to(signup::start)))
        .service(at("/signup/{id}/confirm").route(post().to(signup::confirm)))
        .service(at("/auth/login").route(post().to(auth::log_in)))
        .service(at("/auth/logout").route(post().to(auth::log_out)))
        .service(at("/auth/password").route(post().to(auth::change_password)))
        .service(
            at("/auth/sessions")
                .route(get().to(auth::list_sessions))
                .route(delete().to(auth::end_other_sessions)),
        )
        .service(at("/auth/sessions/{id}").route(delete().to(auth::end_session)))
        .service(at("/me").route(get().to(me::get)).route(patch().to(me::update)))
        .service(at("/me/permissions").route(get().to(me::permissions)))
        .service(at("/workspace").route(get().to(workspace::get)).route(patch().to(workspace::update)))
        .service(at("/users").route(get().to(users::list)).route(post().to(users::create)))
        .service(
            at("/users/invitations").route(get().to(invitations::list)).route(post().to(invitations::create)),
        )
        .service(at("/users/invitations/accept").route(post().to(invitations::accept)))
        .service(at("/users/invitations/{id}").route(delete().to(invitations::revoke)))
        .service(at("/users/invitations/{id}/resend").route(post().to(invitations::resend)))
        .service(
            at("/users/{id}")
                .route(get().to(users::get))
                .route(patch().to(users::update))
                .route(delete().to(users::delete)),
        )
        .service(at("/teams").route(get().to(teams::list)).route(post().to(teams::create)))
        .service(
            at("/teams/{id}")
                .route(get().to(teams::get))
                .route(patch().to(teams::update))
                .route(delete().to(teams::delete)),
        )
        .service(at("/roles").route(get().to(roles::list)).route(post().to(roles::create)))
        .service(
            at("/roles/{id}")
                .route(get().to(roles::get))
                .route(patch().to(roles::update))
                .route(delete().to(roles::delete)),
        )
}

/// The routes of work.
fn work(scope: Scope) -> Scope {
    let at = web::resource;
    scope
        .service(at("/tasks").route(get().to(tasks::list)).route(post().to(tasks::create)))
        .service(
            at("/tasks/{id}")
                .route(get().to(tasks::get))
                .route(patch().to(tasks::update))
                .route(delete().to(tasks::delete)),
        )
        .service(at("/tasks/{id}/history").route(get().to(tasks::history)))
        .service(
            at("/tasks/{id}/assignees/{user_id}")
                .route(put().to(task_links::add_assignee))
                .route(delete().to(task_links::remove_assignee)),
        )
        .service(
            at("/tasks/{id}/viewers/{user_id}")
                .route(put().to(task_links::add_viewer))
                .route(delete().to(task_links::remove_viewer)),
        )
        .service(
            at("/tasks/{id}/tags/{tag_id}")
                .route(put().to(task_links::add_tag))
                .route(delete().to(task_links::remove_tag)),
        )
        .service(
            at("/tasks/{id}/comments").route(get().to(comments::list)).route(post().to(comments::create)),
        )
        .service(
            at("/comments/{id}")
                .route(get().to(comments::get))
                .route(patch().to(comments::update))
                .route(delete().to(comments::delete)),
        )
        .service(at("/comments/{id}/history").route(get().to(comments::history)))
        .service(
            at("/tasks/{id}/attachments")
                .route(get().to(attachments::list))
                .route(post().to(attachments::create)),
        )
        .service(
            at("/attachments/{id}").route(get().to(attachments::get)).route(delete().to(attachments::delete)),
        )
        .service(at("/attachments/{id}/content").route(get().to(attachments::content)))
        .service(at("/attachments/{id}/history").route(get().to(attachments::history)))
        .service(
            at("/time-entries").route(get().to(time_entries::list)).route(post().to(time_entries::create)),
        )
        .service(at("/time-entries/start").route(post().to(time_entries::start)))
        .service(
            at("/time-entries/{id}")
                .route(get().to(time_entries::get))
                .route(patch().to(time_entries::update))
                .route(delete().to(time_entries::delete)),
        )
        .service(at("/time-entries/{id}/stop").route(post().to(time_entries::stop)))
        .service(at("/time-entries/{id}/history").route(get().to(time_entries::history)))
        .service(at("/reports/time").route(get().to(reports::time)))
        .service(at("/tags").route(get().to(tags::list)).route(post().to(tags::create)))
        .service(
            at("/tags/{id}")
                .route(get().to(tags::get))
                .route(patch().to(tags::update))
                .route(delete().to(tags::delete)),
        )
        .service(at("/tags/{id}/history").route(get().to(tags::history)))
        .service(at("/audit-events").route(get().to(audit::list)))
}

/// The probes, which are not part of the documented API.
pub(crate) fn probes(config: &mut plain::ServiceConfig) {
    let at = plain::resource::<&str>;
    config
        .service(
            at("/healthz").route(plain::get().to(probes::health)).route(plain::head().to(probes::health)),
        )
        .service(at("/readyz").route(plain::get().to(probes::ready)).route(plain::head().to(probes::ready)));
}

/// The routes of the admin listener.
pub(crate) fn admin(config: &mut plain::ServiceConfig) {
    probes(config);
    config.service(plain::resource("/metrics").route(plain::get().to(probes::metrics)));
}
