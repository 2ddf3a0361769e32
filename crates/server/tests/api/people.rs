//! Finding people.

use protocol::account::People;
use protocol::error::ErrorCode;

use crate::app::{TestApp, User};

#[tokio::test]
async fn people_are_found_by_the_beginning_of_their_names() {
    let app = TestApp::start().await;
    let ada = app.register_as("ada", "Ada Lovelace").await;
    app.register_as("zoe.k", "Zoë Krüger").await;
    for query in ["zo", "ZOE", "kru", "Kr%C3%BC", "zoe%20kr"] {
        assert_eq!(found(&app, &ada, query).await, ["zoe.k"], "{query}");
    }
    assert!(
        found(&app, &ada, "ada").await.is_empty(),
        "oneself is left out"
    );
    assert!(found(&app, &ada, "").await.is_empty());
    assert!(found(&app, &ada, "%25").await.is_empty());
}

#[tokio::test]
async fn a_search_that_cannot_be_understood_says_why() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let ask = |path: String| app.get(&path).by(&ada).send();
    let missing = ask("/api/v1/people".to_owned()).await.problem();
    assert_eq!((missing.status, missing.code), (400, ErrorCode::BadRequest));
    assert!(missing.title.contains("query"), "{missing:?}");
    let long = ask(format!("/api/v1/people?query={}", "x".repeat(65)))
        .await
        .problem();
    assert_eq!(long.field.as_deref(), Some("query"));
}

async fn found(app: &TestApp, asking: &User, query: &str) -> Vec<String> {
    let path = format!("/api/v1/people?query={query}");
    let found: People = app.get(&path).by(asking).send().await.json();
    found
        .people
        .iter()
        .map(|person| person.username.to_string())
        .collect()
}
