//! Passkeys: made, used to sign in and to confirm, and every way in which one must not be taken.

use hyper::{Method, StatusCode};
use protocol::account::SignedIn;
use protocol::error::ErrorCode;
use protocol::factors::{Factors, FactorsChanged, SecondFactorRequired, SecondFactorWay};
use protocol::limits::{CONFIRMATION_LIFE, PASSKEY_CHALLENGE_LIFE};
use serde_json::{Value, json};
use server::accounts::{Change, FactorsAtReset};

use crate::app::{Answer, PASSWORD, TestApp, User, sign_in_body};
use crate::authenticator::Passkey;
use crate::managing::by_name;

const ORIGIN: &str = "https://ahoy.example";
const ASK: &str = "/api/v1/sessions/passkey-challenge";
const SIGN_IN: &str = "/api/v1/sessions/passkey";
const ASK_TO_MAKE: &str = "/api/v1/me/passkeys/challenge";
const PASSKEYS: &str = "/api/v1/me/passkeys";
const CONFIRM: &str = "/api/v1/sessions/current/confirmation";
const ASK_TO_CONFIRM: &str = "/api/v1/sessions/current/passkey-challenge";

#[tokio::test]
async fn a_passkey_signs_in_by_itself_and_the_password_no_longer_does() {
    let app = start().await;
    let (ada, mut passkey) = with_passkey(&app).await;
    let signed_in: SignedIn = sign_in(&app, &mut passkey).await.json();
    assert_eq!(signed_in.me, ada.signed_in.me);

    let body = sign_in_body("ada", PASSWORD);
    let answer = app.post("/api/v1/sessions", &body).send().await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let required: SecondFactorRequired = answer.json();
    assert_eq!(
        required.ways,
        [SecondFactorWay::Passkey, SecondFactorWay::RecoveryCode]
    );
    let factors: Factors = app.get("/api/v1/me/factors").by(&ada).send().await.json();
    assert!(factors.passkeys_possible);
    assert!(factors.passkeys[0].last_used_at.is_some());
}

#[tokio::test]
async fn a_challenge_is_good_once_and_for_a_while() {
    let app = start().await;
    let (_, mut passkey) = with_passkey(&app).await;
    let asked: Value = app.post(ASK, &json!({})).send().await.json();
    let body = answer_to(&mut passkey, &asked);
    assert_eq!(app.post(SIGN_IN, &body).send().await.status, StatusCode::OK);
    let again = app.post(SIGN_IN, &body).send().await;
    assert_eq!(again.refused(), (410, ErrorCode::Expired));

    let asked: Value = app.post(ASK, &json!({})).send().await.json();
    app.advance(PASSKEY_CHALLENGE_LIFE);
    let body = answer_to(&mut passkey, &asked);
    let late = app.post(SIGN_IN, &body).send().await;
    assert_eq!(late.refused(), (410, ErrorCode::Expired));
}

#[tokio::test]
async fn no_forged_answer_is_taken() {
    type Forgery = fn(&mut Passkey, &mut Value);
    let app = start().await;
    let (_, passkey) = with_passkey(&app).await;
    let forgeries: [(&str, Forgery); 8] = [
        ("another site's page", |passkey, _| {
            passkey.origin = "https://ahoy.example.evil.example".to_owned();
        }),
        ("without TLS", |passkey, _| {
            passkey.origin = "http://ahoy.example".to_owned();
        }),
        ("made for another site", |passkey, _| {
            passkey.host = "evil.example".to_owned();
        }),
        ("no finger, face or PIN", |passkey, _| {
            passkey.user_verified = false;
        }),
        ("a copy with an old counter", |passkey, _| {
            passkey.counter = 0;
        }),
        ("another challenge", |_, options| {
            options["challenge"] = json!("AAAAAAAAAAAAAAAAAAAAAA");
        }),
        ("another key", |passkey, options| {
            let user = json!({ "id": options["handle"] });
            let made = json!({ "user": user, "challenge": options["challenge"] });
            let (other, _) = Passkey::make(9, ORIGIN, &made);
            *passkey = passkey.with_key_of(&other);
        }),
        ("another account's handle", |passkey, _| {
            passkey.handle = "AAAAAAAAAAAAAAAAAAAAAA".to_owned();
        }),
    ];
    for (name, forge) in forgeries {
        let mut forged = passkey.clone();
        // Whoever forges has seen the counter.
        forged.counter = 100;
        let asked: Value = app.post(ASK, &json!({})).send().await.json();
        let mut options = asked["options"].clone();
        options["handle"] = json!(passkey.handle);
        forge(&mut forged, &mut options);
        let credential = forged.answer(&options);
        let body = json!({
            "passkey": { "challenge": asked["challenge"], "credential": credential },
            "device": { "name": "x" },
        });
        let answer = app.post(SIGN_IN, &body).send().await;
        assert_eq!(
            answer.refused(),
            (401, ErrorCode::WrongCredentials),
            "{name}"
        );
    }
}

#[tokio::test]
async fn what_is_no_answer_of_a_passkey_is_refused_politely() {
    let app = start().await;
    for credential in [
        json!({}),
        json!({ "id": "AA" }),
        json!({ "rawId": "AA", "id": "AA", "type": "public-key", "response": {} }),
    ] {
        let asked: Value = app.post(ASK, &json!({})).send().await.json();
        let body = json!({
            "passkey": { "challenge": asked["challenge"], "credential": credential },
            "device": { "name": "x" },
        });
        let problem = app.post(SIGN_IN, &body).send().await.problem();
        assert_eq!((problem.status, problem.code), (400, ErrorCode::BadRequest));
        assert_eq!(problem.field.as_deref(), Some("credential"));
    }
}

#[tokio::test]
async fn a_passkey_confirms_the_session_that_asked_and_no_other() {
    let app = start().await;
    let (ada, mut passkey) = with_passkey(&app).await;
    let other: SignedIn = sign_in(&app, &mut passkey).await.json();
    let other = User { signed_in: other };
    app.advance(CONFIRMATION_LIFE);
    let new = json!({ "new": "a quite different one" });
    let change = |user: &User| {
        app.ask(Method::PUT, "/api/v1/me/password")
            .by(user)
            .json(&new)
            .send()
    };
    assert_eq!(
        change(&ada).await.refused(),
        (403, ErrorCode::ConfirmationRequired)
    );

    let asked: Value = app
        .post(ASK_TO_CONFIRM, &json!({}))
        .by(&ada)
        .send()
        .await
        .json();
    let credential = passkey.answer(&asked["options"]);
    let proof = json!({ "challenge": asked["challenge"], "credential": credential });
    let body = json!({ "type": "passkey", "passkey": proof });
    let elsewhere = app.post(CONFIRM, &body).by(&other).send().await;
    assert_eq!(elsewhere.refused(), (410, ErrorCode::Expired));

    let asked: Value = app
        .post(ASK_TO_CONFIRM, &json!({}))
        .by(&ada)
        .send()
        .await
        .json();
    let credential = passkey.answer(&asked["options"]);
    let proof = json!({ "challenge": asked["challenge"], "credential": credential });
    let signing_in = json!({ "passkey": proof, "device": { "name": "x" } });
    let stolen = app.post(SIGN_IN, &signing_in).send().await;
    assert_eq!(
        stolen.refused(),
        (410, ErrorCode::Expired),
        "a challenge that confirms opens no session"
    );

    let asked: Value = app
        .post(ASK_TO_CONFIRM, &json!({}))
        .by(&ada)
        .send()
        .await
        .json();
    let credential = passkey.answer(&asked["options"]);
    let proof = json!({ "challenge": asked["challenge"], "credential": credential });
    let body = json!({ "type": "passkey", "passkey": proof });
    let confirmed = app.post(CONFIRM, &body).by(&ada).send().await;
    assert_eq!(confirmed.status, StatusCode::NO_CONTENT);
    assert_eq!(
        change(&ada).await.status,
        StatusCode::NO_CONTENT,
        "whoever has a passkey may have forgotten the password"
    );
}

#[tokio::test]
async fn a_passkey_is_made_by_the_session_that_asked_once_and_for_one_account() {
    let app = start().await;
    let (ada, passkey) = with_passkey(&app).await;
    let ben = app.register("ben").await;
    let options: Value = app
        .post(ASK_TO_MAKE, &json!({}))
        .by(&ada)
        .send()
        .await
        .json();
    assert_eq!(options["rp"]["id"], "ahoy.example");
    assert_eq!(options["user"]["name"], "ada");
    assert_eq!(
        options["authenticatorSelection"]["userVerification"],
        "required"
    );
    assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(options["excludeCredentials"].as_array().unwrap().len(), 1);

    let (_, made) = Passkey::make(2, ORIGIN, &options);
    let body = json!({ "name": "Phone", "credential": made });
    let elsewhere = app.post(PASSKEYS, &body).by(&ben).send().await;
    assert_eq!(elsewhere.refused(), (410, ErrorCode::Expired));
    assert_eq!(
        app.post(PASSKEYS, &body).by(&ada).send().await.status,
        StatusCode::OK
    );
    let again = app.post(PASSKEYS, &body).by(&ada).send().await;
    assert_eq!(again.refused(), (410, ErrorCode::Expired));

    let options: Value = app
        .post(ASK_TO_MAKE, &json!({}))
        .by(&ben)
        .send()
        .await
        .json();
    let body = json!({ "name": "Phone", "credential": passkey.registration(&options) });
    let known = app.post(PASSKEYS, &body).by(&ben).send().await;
    assert_eq!(known.refused(), (409, ErrorCode::Conflict));
    let factors: Factors = app.get("/api/v1/me/factors").by(&ben).send().await.json();
    assert_eq!(
        (factors.passkeys.len(), factors.recovery_codes_left),
        (0, 0)
    );
}

#[tokio::test]
async fn a_passkey_made_without_its_owner_or_for_another_site_is_not_added() {
    let app = start().await;
    let ada = app.register("ada").await;
    for (origin, verified) in [(ORIGIN, false), ("https://evil.example", true)] {
        let options: Value = app
            .post(ASK_TO_MAKE, &json!({}))
            .by(&ada)
            .send()
            .await
            .json();
        let (mut passkey, _) = Passkey::make(1, origin, &options);
        passkey.user_verified = verified;
        let body = json!({ "name": "x", "credential": passkey.registration(&options) });
        let problem = app.post(PASSKEYS, &body).by(&ada).send().await.problem();
        assert_eq!((problem.status, problem.code), (400, ErrorCode::BadRequest));
        assert_eq!(problem.field.as_deref(), Some("credential"));
    }
}

#[tokio::test]
async fn removing_and_renaming_touch_ones_own_passkeys_alone() {
    let app = start().await;
    let (ada, mut passkey) = with_passkey(&app).await;
    let ben = app.register("ben").await;
    let factors: Factors = app.get("/api/v1/me/factors").by(&ada).send().await.json();
    let path = format!("{PASSKEYS}/{}", factors.passkeys[0].id);
    let name = json!({ "name": " Key ring " });
    for method in [Method::PATCH, Method::DELETE] {
        let theirs = app.ask(method, &path).by(&ben).json(&name).send().await;
        assert_eq!(theirs.refused(), (404, ErrorCode::NotFound));
    }
    let renamed = app.ask(Method::PATCH, &path).by(&ada).json(&name).send();
    let renamed: FactorsChanged = renamed.await.json();
    assert_eq!(renamed.factors.passkeys[0].name.as_str(), "Key ring");

    app.advance(CONFIRMATION_LIFE);
    let remove = || app.ask(Method::DELETE, &path).by(&ada).send();
    assert_eq!(
        remove().await.refused(),
        (403, ErrorCode::ConfirmationRequired)
    );
    let body = json!({ "type": "password", "password": PASSWORD });
    app.post(CONFIRM, &body).by(&ada).send().await;
    let removed: FactorsChanged = remove().await.json();
    assert_eq!(removed.factors.recovery_codes_left, 0);
    let answer = sign_in(&app, &mut passkey).await;
    assert_eq!(answer.refused(), (401, ErrorCode::WrongCredentials));
    app.sign_in("ada").await;
}

#[tokio::test]
async fn a_disabled_account_does_not_get_in_by_its_passkey() {
    let app = start().await;
    let (_, mut passkey) = with_passkey(&app).await;
    let accounts = &app.server.app().accounts;
    accounts
        .change(by_name("ada"), Change::Disable)
        .await
        .unwrap();
    let refused = sign_in(&app, &mut passkey).await;
    assert_eq!(refused.refused(), (403, ErrorCode::AccountDisabled));
    accounts
        .change(by_name("ada"), Change::Enable)
        .await
        .unwrap();
    assert_eq!(sign_in(&app, &mut passkey).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_reset_tells_of_passkeys_and_removes_them_for_the_host_alone() {
    let app = start().await;
    let (_, mut passkey) = with_passkey(&app).await;
    let accounts = &app.server.app().accounts;
    let reset = accounts.reset_password(by_name("ada"), FactorsAtReset::Kept);
    assert_eq!(reset.await.unwrap().passkeys, 1);
    assert_eq!(sign_in(&app, &mut passkey).await.status, StatusCode::OK);
    let reset = accounts.reset_password(by_name("ada"), FactorsAtReset::Removed);
    assert_eq!(reset.await.unwrap().passkeys, 0);
    let gone = sign_in(&app, &mut passkey).await;
    assert_eq!(gone.refused(), (401, ErrorCode::WrongCredentials));
}

#[tokio::test]
async fn a_network_gets_so_many_challenges_at_once() {
    let app = TestApp::start_with(|config| {
        config.public_url = Some(ORIGIN.parse().unwrap());
        config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let ask = |from: &str| {
        app.post(ASK, &json!({}))
            .header("x-forwarded-for", from)
            .send()
    };
    let mut given = 0;
    let refused = loop {
        let answer = ask("198.51.100.7").await;
        if answer.status != StatusCode::OK {
            break answer;
        }
        given += 1;
        assert!(given < 600, "before the limit of all requests");
    };
    assert_eq!(refused.refused(), (429, ErrorCode::RateLimited));
    assert!(given >= 120, "{given}");
    assert!(refused.problem().retry_after.is_some());
    assert_eq!(ask("198.51.100.8").await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_ip_address_has_no_passkeys_and_says_why() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let factors: Factors = app.get("/api/v1/me/factors").by(&ada).send().await.json();
    assert!(!factors.passkeys_possible);
    let problem = app.post(ASK, &json!({})).send().await.problem();
    assert_eq!(problem.code, ErrorCode::Unsupported);
    assert!(problem.title.contains("host name"), "{problem:?}");
    let localhost = format!("localhost:{}", app.address.port());
    let asked = app.post(ASK, &json!({})).header("host", &localhost).send();
    let asked: Value = asked.await.json();
    assert_eq!(asked["options"]["rpId"], "localhost");
}

async fn start() -> TestApp {
    TestApp::start_with(|config| config.public_url = Some(ORIGIN.parse().unwrap())).await
}

/// Somebody with one passkey.
async fn with_passkey(app: &TestApp) -> (User, Passkey) {
    let ada = app.register("ada").await;
    let options = app.post(ASK_TO_MAKE, &json!({})).by(&ada).send().await;
    let (passkey, made) = Passkey::make(1, ORIGIN, &options.json());
    let body = json!({ "name": "Phone", "credential": made });
    let added: FactorsChanged = app.post(PASSKEYS, &body).by(&ada).send().await.json();
    assert_eq!(added.factors.passkeys.len(), 1);
    assert_eq!(added.recovery_codes.unwrap().len(), 10);
    (ada, passkey)
}

async fn sign_in(app: &TestApp, passkey: &mut Passkey) -> Answer {
    let asked: Value = app.post(ASK, &json!({})).send().await.json();
    let body = answer_to(passkey, &asked);
    app.post(SIGN_IN, &body).send().await
}

fn answer_to(passkey: &mut Passkey, asked: &Value) -> Value {
    let credential = passkey.answer(&asked["options"]);
    json!({
        "passkey": { "challenge": asked["challenge"], "credential": credential },
        "device": { "name": "x" },
    })
}
