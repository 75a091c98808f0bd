//! Gates let pass what they should, and nothing lasts of a request whose work panics.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use actix_web::{FromRequest, HttpRequest, ResponseError, web};
use belfort_auth::{Email, HashParams, Hasher, Limit, Password, SessionToken};
use belfort_crypto::Keyring;
use belfort_ids::{ApiKeyId, RoleId, SessionId, UserId};
use belfort_mail::{MailError, Mailer, Message};
use belfort_policy::Tags;
use belfort_rbac::{Create, Permissions, Principal};
use belfort_tenancy::{Host, Slug};
use belfort_testkit::{Database, MIGRATIONS, now};
use belfort_values::FixedClock;
use belfort_work::TagName;
use belfort_work::tags::{self, NewTag};
use belfort_workspace::invitations::InvitationLimits;
use belfort_workspace::login::{StoredPassword, open_session};
use belfort_workspace::signup::{self, Signup};
use belfort_workspace::{Caller, Credential, FullName, RequestSource, WorkspaceName};

use super::{Gate, session_of};
use crate::context::RequestContext;
use crate::error::{ApiResult, Problem};
use crate::output::{Idempotent, Json, Reply};
use crate::state::{App, MinimumRate, Services, Settings};

#[derive(Debug)]
struct NoMail;

impl Mailer for NoMail {
    fn send(&self, _: &Message) -> Result<(), MailError> {
        Ok(())
    }
}

/// A server with one turn in the database, and the token of the admin of its workspace.
fn app(db: &Database) -> (Arc<App>, SessionToken) {
    let plenty = Limit::new(1_000, chrono::Duration::hours(1));
    let settings = Settings {
        listen: "127.0.0.1:0".parse().unwrap(),
        admin_listen: None,
        base_domain: Host::parse("localhost").unwrap(),
        secure_cookies: false,
        trusted_proxies: Vec::new(),
        signup_per_ip: plenty,
        signup_per_email_domain: plenty,
        accept_per_ip: plenty,
        invitations: InvitationLimits { per_recipient: plenty, per_user: plenty, per_workspace: plenty },
        login: plenty,
        attachment_limit: 1,
        body_timeout: Duration::from_secs(15),
        body_rate: MinimumRate { grace: Duration::from_secs(5), bytes_per_second: 4096 },
        body_memory: 64 * 1024 * 1024,
        max_connections: 1024,
        db_connections: 1,
        database_timeout: Duration::from_secs(15),
        workers: None,
    };
    let services = Services {
        tenancy: db.tenancy().clone(),
        keyring: Arc::new(Keyring::parse(&Keyring::generate_key()).unwrap()),
        mailer: Arc::new(NoMail),
        hasher: Arc::new(Hasher::new(HashParams::default()).unwrap()),
        clock: Arc::new(FixedClock::new(now())),
        migrations: MIGRATIONS,
    };
    let password = services.hasher.hash(&Password::parse("correct horse".into()).unwrap()).unwrap();
    let signup = Signup {
        email: Email::parse("ada@bakkerij.example").unwrap(),
        full_name: FullName::parse("Ada").unwrap(),
        workspace_name: WorkspaceName::parse("Bakkerij").unwrap(),
        slug: Slug::parse("bakkerij").unwrap(),
        password: password.clone(),
    };
    let started = signup::start(&mut db.control(), &services.keyring, now(), &signup).unwrap();
    let source = RequestSource { at: now(), request_id: "r".into(), ip: None };
    let (tenancy, keyring) = (&services.tenancy, &services.keyring);
    let made = signup::confirm(tenancy, keyring, &MIGRATIONS, &source, started.id, &started.code).unwrap();
    let mut tx = tenancy.begin(&Arc::new(made.tenant)).unwrap();
    let checked = StoredPassword { user: made.user.id, hash: password };
    let session = open_session(&mut tx, now(), &checked, None, None).unwrap().unwrap();
    tx.commit().unwrap();
    (App::new(settings, services, &crate::document().unwrap()), session.token)
}

fn request(app: &Arc<App>, token: &SessionToken) -> HttpRequest {
    TestRequest::post()
        .uri("/api/v1/tags")
        .insert_header(("Host", "bakkerij.localhost"))
        .insert_header(("Authorization", format!("Bearer {}", token.reveal())))
        .insert_header(("Idempotency-Key", "k"))
        .peer_addr("127.0.0.1:1".parse().unwrap())
        .app_data(web::Data::from(Arc::clone(app)))
        .to_http_request()
}

async fn gate(app: &Arc<App>, token: &SessionToken) -> Gate<Tags, Create> {
    Gate::extract(&request(app, token)).await.unwrap()
}

fn tag(ctx: &mut RequestContext, grant: &belfort_rbac::Grant<Tags, Create>) -> String {
    let new = NewTag { name: TagName::parse("rye").unwrap() };
    tags::create(&mut ctx.tx, grant, &ctx.origin, new).unwrap().name.to_string()
}

#[test]
fn what_panics_inside_fails_alone_and_leaves_nothing_behind() {
    let db = Database::with_pool(1);
    let (app, token) = app(&db);
    actix_web::rt::System::new().block_on(async {
        for _ in 0..3 {
            let panics = |ctx: &mut RequestContext, grant: &_| panic!("made {}", tag(ctx, grant));
            let failed =
                gate(&app, &token).await.run_once::<Json<String>, Problem>(panics).await.err().unwrap();
            assert_eq!(failed.status_code(), StatusCode::INTERNAL_SERVER_ERROR);
        }
        // The turn was given back, the name is free and the key was not used up.
        let made: ApiResult<_> =
            gate(&app, &token).await.run_once(|ctx, grant| Ok(Json(tag(ctx, grant)))).await;
        let body = |made: Idempotent<Json<String>>| made.into_parts().unwrap().body.unwrap();
        assert_eq!(body(made.unwrap()), b"\"rye\"");
        let replayed: ApiResult<_> = gate(&app, &token).await.run_once(|_, _| panic!("it acts again")).await;
        assert_eq!(body(replayed.unwrap()), b"\"rye\"");
    });
}

#[test]
fn an_api_key_does_not_pass_for_a_session() {
    let (user, session) = (UserId::new(now()), SessionId::new(now()));
    let with = |credential| Caller {
        credential,
        user,
        email: String::new(),
        full_name: String::new(),
        role: RoleId::new(now()),
        role_name: String::new(),
        principal: Principal::new(user, Permissions::default(), []),
    };
    assert_eq!(session_of(&with(Credential::Session(session))).unwrap(), session);
    let refused = session_of(&with(Credential::ApiKey(ApiKeyId::new(now())))).unwrap_err();
    assert!(refused.to_string().starts_with("403 session-required"), "{refused}");
}
