//! Access tokens: good ones expire, and nothing else is taken for one.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ed25519_dalek::{Signer as _, SigningKey};
use hyper::StatusCode;
use protocol::Milliseconds;
use protocol::error::ErrorCode;
use protocol::limits::ACCESS_TOKEN_LIFE;
use serde_json::{Value, json};

use crate::app::{START, TestApp, User};

/// What the server allows for clocks that differ.
const LEEWAY: Milliseconds = Milliseconds::from_seconds(30);

#[tokio::test]
async fn a_token_expires() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    app.advance(Milliseconds(ACCESS_TOKEN_LIFE.0 + LEEWAY.0 - 1));
    assert_eq!(status(&app, ada.token()).await, StatusCode::OK);
    app.advance(Milliseconds(1));
    assert_eq!(status(&app, ada.token()).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_says_what_it_is_for() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let [header, claims] = parts(&ada);
    assert_eq!(header["alg"], "EdDSA");
    assert_eq!(header["typ"], "ahoy-at+jwt");
    let key_set: Value = app.get("/.well-known/jwks.json").send().await.json();
    let keys = key_set["keys"].as_array().unwrap();
    assert!(
        keys.iter().any(|key| key["kid"] == header["kid"]),
        "{key_set}"
    );
    assert!(
        keys.iter()
            .all(|key| key["crv"] == "Ed25519" && key.get("d").is_none())
    );
    assert_eq!(claims["sub"], json!(ada.signed_in.me.id));
    assert_eq!(claims["sid"], json!(ada.signed_in.session));
    assert_eq!(claims["did"], json!(ada.signed_in.device.id));
    assert_eq!(claims["iat"], START.0 / 1000);
    assert_eq!(claims["exp"], START.0 / 1000 + 600);
    let all: HashSet<&str> = claims
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert!(
        all.is_superset(&["iss", "aud", "nbf", "jti"].into()),
        "{claims}"
    );
}

#[tokio::test]
async fn a_changed_token_is_refused() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let ben = app.register("ben").await;
    let split =
        |user: &User| -> Vec<String> { user.token().split('.').map(str::to_owned).collect() };
    let (mine, theirs) = (split(&ada), split(&ben));
    let [header, claims] = parts(&ada);
    let with_header = |change: &dyn Fn(&mut Value)| {
        let mut header = header.clone();
        change(&mut header);
        format!("{}.{}.{}", encode(&header), mine[1], mine[2])
    };
    let mut other = claims.clone();
    other["sub"] = json!(ben.signed_in.me.id);
    for (what, token) in [
        (
            "another's claims",
            format!("{}.{}.{}", mine[0], theirs[1], mine[2]),
        ),
        (
            "changed claims",
            format!("{}.{}.{}", mine[0], encode(&other), mine[2]),
        ),
        ("no signature", format!("{}.{}.", mine[0], mine[1])),
        ("two parts", format!("{}.{}", mine[0], mine[1])),
        (
            "alg none",
            with_header(&|header| header["alg"] = json!("none")),
        ),
        (
            "alg None unsigned",
            format!("{}.{}.", encode(&json!({"alg": "none"})), mine[1]),
        ),
        (
            "alg HS256",
            with_header(&|header| header["alg"] = json!("HS256")),
        ),
        (
            "another typ",
            with_header(&|header| header["typ"] = json!("JWT")),
        ),
        (
            "unknown kid",
            with_header(&|header| header["kid"] = json!("../../keys")),
        ),
        (
            "no kid",
            with_header(&|header| drop(header.as_object_mut().unwrap().remove("kid"))),
        ),
        ("empty", String::new()),
        ("no token", "Bearer".to_owned()),
        ("the refresh token", ada.refresh_token().to_owned()),
    ] {
        assert_eq!(
            status(&app, &token).await,
            StatusCode::UNAUTHORIZED,
            "{what}"
        );
    }
}

/// Signed with the server's own key, and still refused: what is checked beside the signature.
#[tokio::test]
async fn a_genuine_signature_does_not_make_an_access_token() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let ring = std::fs::read(app.directory.path().join("keys.json")).unwrap();
    let ring: Value = serde_json::from_slice(&ring).unwrap();
    let key = signing_key(&ring["current"]);
    let [header, claims] = parts(&ada);
    let forge = |change: &dyn Fn(&mut Value, &mut Value)| {
        let (mut header, mut claims) = (header.clone(), claims.clone());
        change(&mut header, &mut claims);
        sign(&key, &header, &claims)
    };
    let now = START.0 / 1000;
    assert_eq!(
        status(&app, &forge(&|_, _| {})).await,
        StatusCode::OK,
        "the forge works"
    );
    for (what, token) in [
        ("typ", forge(&|header, _| header["typ"] = json!("JWT"))),
        (
            "no typ",
            forge(&|header, _| drop(header.as_object_mut().unwrap().remove("typ"))),
        ),
        (
            "aud",
            forge(&|_, claims| claims["aud"] = json!("elsewhere")),
        ),
        (
            "no aud",
            forge(&|_, claims| drop(claims.as_object_mut().unwrap().remove("aud"))),
        ),
        (
            "iss",
            forge(&|_, claims| claims["iss"] = json!("elsewhere")),
        ),
        (
            "not yet",
            forge(&|_, claims| claims["nbf"] = json!(now + 60)),
        ),
        (
            "expired",
            forge(&|_, claims| claims["exp"] = json!(now - 60)),
        ),
        (
            "exp as text",
            forge(&|_, claims| claims["exp"] = json!("9999999999")),
        ),
        (
            "no exp",
            forge(&|_, claims| drop(claims.as_object_mut().unwrap().remove("exp"))),
        ),
        (
            "no session",
            forge(&|_, claims| claims["sid"] = claims["sub"].clone()),
        ),
        (
            "alg HS256",
            forge(&|header, _| header["alg"] = json!("HS256")),
        ),
    ] {
        assert_eq!(
            status(&app, &token).await,
            StatusCode::UNAUTHORIZED,
            "{what}"
        );
    }
    let foreign = sign(&SigningKey::from_bytes(&[7; 32]), &header, &claims);
    assert_eq!(
        status(&app, &foreign).await,
        StatusCode::UNAUTHORIZED,
        "another's key"
    );
    let mut carried = header.clone();
    carried["jwk"] = json!({ "kty": "OKP", "crv": "Ed25519",
        "x": BASE64.encode(SigningKey::from_bytes(&[7; 32]).verifying_key().as_bytes()) });
    let carried = sign(&SigningKey::from_bytes(&[7; 32]), &carried, &claims);
    assert_eq!(
        status(&app, &carried).await,
        StatusCode::UNAUTHORIZED,
        "a key in the header"
    );
}

#[tokio::test]
async fn keys_rotate_and_the_old_one_is_good_while_its_tokens_are() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let [old, _] = parts(&ada);
    let month = Milliseconds::from_seconds(30 * 24 * 3600);
    app.advance(Milliseconds(month.0 - 60_000));
    let ben = app.register("ben").await;
    assert_eq!(parts(&ben)[0]["kid"], old["kid"]);

    app.advance(Milliseconds(60_000));
    let app = app.restart().await;
    assert_eq!(
        status(&app, ben.token()).await,
        StatusCode::OK,
        "signed by the retired key"
    );
    let new = app.sign_in("ben").await;
    assert_ne!(parts(&new)[0]["kid"], old["kid"]);
    let key_set: Value = app.get("/.well-known/jwks.json").send().await.json();
    assert_eq!(key_set["keys"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn the_scheme_of_the_header_must_be_bearer() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    for (value, expected) in [
        (format!("Bearer {}", ada.token()), StatusCode::OK),
        (format!("bearer {}", ada.token()), StatusCode::OK),
        (format!("Basic {}", ada.token()), StatusCode::UNAUTHORIZED),
        (ada.token().to_owned(), StatusCode::UNAUTHORIZED),
    ] {
        let answer = app
            .get("/api/v1/me")
            .header("authorization", &value)
            .send()
            .await;
        assert_eq!(answer.status, expected, "{value}");
    }
    let in_address = format!("/api/v1/me?access_token={}", ada.token());
    let answer = app.get(&in_address).send().await;
    assert_eq!(
        answer.refused(),
        (401, ErrorCode::Unauthenticated),
        "addresses are logged"
    );
}

async fn status(app: &TestApp, token: &str) -> StatusCode {
    app.get("/api/v1/me").bearer(token).send().await.status
}

/// Header and claims.
fn parts(user: &User) -> [Value; 2] {
    let mut parts = user
        .token()
        .split('.')
        .map(|part| BASE64.decode(part).unwrap());
    [(); 2].map(|()| serde_json::from_slice(&parts.next().unwrap()).unwrap())
}

fn encode(value: &Value) -> String {
    BASE64.encode(value.to_string())
}

fn signing_key(kept: &Value) -> SigningKey {
    let secret = BASE64.decode(kept["secret"].as_str().unwrap()).unwrap();
    SigningKey::from_bytes(&secret.try_into().unwrap())
}

fn sign(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let message = format!("{}.{}", encode(header), encode(claims));
    let signature = BASE64.encode(key.sign(message.as_bytes()).to_bytes());
    format!("{message}.{signature}")
}
