//! Who may register: the first account, the modes, and invites.

use protocol::Milliseconds;
use protocol::chat::Contact;
use protocol::error::ErrorCode;
use protocol::registration::{
    Admission, Invites, MadeInvite, NewInvite, Registration, ShownInvite,
};
use serde_json::{Value, json};

use crate::app::{Answer, PASSWORD, TestApp, User};

const DAY: Milliseconds = Milliseconds::from_seconds(24 * 3600);

#[tokio::test]
async fn the_first_account_is_let_in_in_every_mode_and_is_the_only_administrator() {
    for mode in [
        Registration::Open,
        Registration::Invite,
        Registration::Closed,
    ] {
        let app = start(mode).await;
        assert_eq!(
            admission(&app).await,
            Admission {
                registration: mode,
                first: true
            }
        );
        let ada = app.register("ada").await;
        assert_eq!(
            admission(&app).await,
            Admission {
                registration: mode,
                first: false
            }
        );
        assert_eq!(
            app.get("/api/v1/accounts").by(&ada).send().await.status,
            200
        );
        let ben = register(&app, "ben", None).await;
        let expected = match mode {
            Registration::Open => {
                let ben = User {
                    signed_in: ben.json(),
                };
                let list = app.get("/api/v1/accounts").by(&ben).send().await;
                assert_eq!(list.refused(), (403, ErrorCode::Forbidden));
                continue;
            }
            Registration::Invite => ErrorCode::InviteNeeded,
            Registration::Closed => ErrorCode::RegistrationClosed,
        };
        assert_eq!(ben.refused(), (403, expected));
    }
}

#[tokio::test]
async fn of_two_first_registrations_at_once_exactly_one_is_administrator() {
    for _ in 0..5 {
        let app = start(Registration::Open).await;
        let (ada, ben) = tokio::join!(register(&app, "ada", None), register(&app, "ben", None));
        let mut administrators = 0;
        for answer in [ada, ben] {
            let user = User {
                signed_in: answer.json(),
            };
            let list = app.get("/api/v1/accounts").by(&user).send().await;
            administrators += u32::from(list.status == 200);
        }
        assert_eq!(administrators, 1);
    }
    let app = start(Registration::Invite).await;
    let (ada, ben) = tokio::join!(register(&app, "ada", None), register(&app, "ben", None));
    let let_in = [&ada, &ben]
        .iter()
        .filter(|answer| answer.status == 201)
        .count();
    assert_eq!(let_in, 1, "{ada:?} {ben:?}");
}

#[tokio::test]
async fn whoever_is_not_let_in_does_not_learn_who_is_there() {
    let app = start(Registration::Invite).await;
    app.register("ada").await;
    let taken = register(&app, "ada", None).await;
    let free = register(&app, "nobody", None).await;
    assert_eq!(taken.body, free.body);
    assert_eq!(taken.refused(), (403, ErrorCode::InviteNeeded));
    let invalid = |name| register(&app, name, Some("x"));
    assert_eq!(invalid("ada").await.body, invalid("nobody").await.body);
}

#[tokio::test]
async fn an_invite_shows_who_invites_lets_so_many_in_and_makes_contacts() {
    let app = start(Registration::Invite).await;
    let ada = app.register_as("ada", "Ada Lovelace").await;
    let mut tab = app.connect(&ada).await;
    let MadeInvite { invite, secret } = make(&app, &ada, &json!({ "uses": 2 })).await;
    assert_eq!((invite.uses, invite.used), (2, 0));
    assert_eq!(invite.expires_at, app.clock.now() + Milliseconds(7 * DAY.0));
    let shown: ShownInvite = show(&app, secret.expose()).await.json();
    assert_eq!(shown.inviter.unwrap().display_name.as_str(), "Ada Lovelace");

    let ben = register(&app, "ben", Some(secret.expose())).await;
    let ben = User {
        signed_in: ben.json(),
    };
    let told = tab.told_conversation(|_| true).await;
    assert_eq!(
        (told.person.id, told.contact),
        (ben.signed_in.me.id, Contact::Accepted)
    );
    let snapshot = app.connect(&ben).await.welcome;
    assert_eq!(snapshot.conversations.len(), 1);
    assert_eq!(snapshot.conversations[0].contact, Contact::Accepted);
    assert_eq!(snapshot.conversations[0].person.username.as_str(), "ada");
    assert!(!snapshot.administrator);

    assert_eq!(list(&app, &ada).await.invites[0].used, 1);
    assert_eq!(
        register(&app, "cleo", Some(secret.expose())).await.status,
        201
    );
    assert!(list(&app, &ada).await.invites.is_empty(), "used up");
    for used_up in [
        show(&app, secret.expose()).await,
        register(&app, "dan", Some(secret.expose())).await,
    ] {
        assert_eq!(used_up.refused(), (410, ErrorCode::LinkInvalid));
    }
}

#[tokio::test]
async fn of_two_who_come_at_once_by_the_last_use_one_is_let_in() {
    let app = start(Registration::Invite).await;
    let ada = app.register("ada").await;
    let made = make(&app, &ada, &json!({})).await;
    let secret = Some(made.secret.expose());
    let (ben, cleo) = tokio::join!(
        register(&app, "ben", secret),
        register(&app, "cleo", secret)
    );
    let mut statuses = [ben.status.as_u16(), cleo.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 410]);
}

#[tokio::test]
async fn an_invite_is_worth_nothing_once_withdrawn_expired_or_its_maker_is_disabled() {
    let app = start(Registration::Invite).await;
    let ada = app.register("ada").await;
    let withdrawn = make(&app, &ada, &json!({})).await;
    let path = format!("/api/v1/invites/{}", withdrawn.invite.id);
    let withdraw = || app.ask(hyper::Method::DELETE, &path).by(&ada).send();
    assert_eq!(withdraw().await.status, 204);
    assert_eq!(withdraw().await.refused(), (404, ErrorCode::NotFound));
    let expired = make(&app, &ada, &json!({ "days": 1 })).await;
    app.advance(Milliseconds(DAY.0 - 1));
    assert_eq!(show(&app, expired.secret.expose()).await.status, 200);
    app.advance(Milliseconds(1));

    let ada = app.sign_in("ada").await;
    let orphan = make(&app, &ada, &json!({ "uses": 5 })).await;
    let ada_by_name = crate::managing::by_name("ada");
    let change = server::accounts::Change::Disable;
    app.server
        .app()
        .accounts
        .change(ada_by_name, change)
        .await
        .unwrap();
    for made in [withdrawn, expired, orphan] {
        let refused = register(&app, "ben", Some(made.secret.expose())).await;
        assert_eq!(refused.refused(), (410, ErrorCode::LinkInvalid));
    }
}

#[tokio::test]
async fn an_invite_with_impossible_numbers_is_refused_by_name() {
    let app = start(Registration::Invite).await;
    let ada = app.register("ada").await;
    for (body, field) in [
        (json!({ "uses": 0 }), "uses"),
        (json!({ "uses": 101 }), "uses"),
        (json!({ "days": 0 }), "days"),
        (json!({ "days": 31 }), "days"),
        (json!({ "days": -1 }), "days"),
    ] {
        let refused = app
            .post("/api/v1/invites", &body)
            .by(&ada)
            .send()
            .await
            .problem();
        assert_eq!(
            (refused.status, refused.field.as_deref()),
            (400, Some(field)),
            "{body}"
        );
    }
}

#[tokio::test]
async fn where_registration_is_closed_there_are_no_invites() {
    let app = start(Registration::Closed).await;
    let ada = app.register("ada").await;
    let refused = app
        .post("/api/v1/invites", &json!({}))
        .by(&ada)
        .send()
        .await;
    assert_eq!(refused.refused(), (403, ErrorCode::RegistrationClosed));
}

#[tokio::test]
async fn the_hosts_invite_makes_no_contact_and_its_secret_is_nowhere_on_disk() {
    let app = start(Registration::Invite).await;
    app.register("ada").await;
    let made = app
        .server
        .app()
        .accounts
        .invite(None, NewInvite::default())
        .await
        .unwrap();
    let shown: ShownInvite = show(&app, made.secret.expose()).await.json();
    assert_eq!(shown.inviter, None);
    for file in std::fs::read_dir(app.directory.path()).unwrap() {
        let path = file.unwrap().path();
        if !path.is_file() {
            continue; // The socket for orders keeps nothing.
        }
        let bytes = std::fs::read(&path).unwrap();
        let secret = made.secret.expose().as_bytes();
        let found = bytes.windows(secret.len()).any(|window| window == secret);
        assert!(!found, "{}", path.display());
    }
    let ben = register(&app, "ben", Some(made.secret.expose())).await;
    let ben = User {
        signed_in: ben.json(),
    };
    assert!(app.connect(&ben).await.welcome.conversations.is_empty());
}

async fn start(mode: Registration) -> TestApp {
    TestApp::start_with(|config| config.registration = Some(mode)).await
}

async fn admission(app: &TestApp) -> Admission {
    app.get("/api/v1/registration").send().await.json()
}

async fn register(app: &TestApp, name: &str, invite: Option<&str>) -> Answer {
    let mut body = json!({
        "username": name, "display_name": name, "password": PASSWORD, "device": { "name": "d" },
    });
    if let Some(invite) = invite {
        body["invite"] = Value::from(invite);
    }
    app.post("/api/v1/accounts", &body).send().await
}

async fn make(app: &TestApp, by: &User, wanted: &Value) -> MadeInvite {
    let made = app.post("/api/v1/invites", wanted).by(by).send().await;
    assert_eq!(made.status, 201, "{made:?}");
    made.json()
}

async fn show(app: &TestApp, secret: &str) -> Answer {
    let body = json!({ "invite": secret });
    app.post("/api/v1/invites/show", &body).send().await
}

async fn list(app: &TestApp, by: &User) -> Invites {
    app.get("/api/v1/invites").by(by).send().await.json()
}
