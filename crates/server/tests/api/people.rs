//! Finding people.

use protocol::account::People;
use protocol::error::ErrorCode;
use protocol::registration::Search;

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
    assert!(found(&app, &ada, "%25%25").await.is_empty());
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
    for short in ["", "a", "%20a%20"] {
        let refused = ask(format!("/api/v1/people?query={short}")).await;
        assert_eq!(
            refused.refused(),
            (400, ErrorCode::BadRequest),
            "{short:?}: by single letters everybody could be listed"
        );
    }
}

#[tokio::test]
async fn by_default_only_a_whole_username_is_found() {
    let app = TestApp::start_with(|config| config.search = Search::default()).await;
    let ada = app.register_as("ada", "Ada Lovelace").await;
    app.register_as("zoe.k", "Zoë Krüger").await;
    for query in ["zoe.k", "ZOE.K", "@zoe.k", "%20zoe.k%20"] {
        assert_eq!(found(&app, &ada, query).await, ["zoe.k"], "{query}");
    }
    for query in [
        "zo",
        "zoe.",
        "zoe",
        "Zo%C3%AB",
        "kr%C3%BCger",
        "%25%25",
        "ada",
        "zoe.k%20x",
    ] {
        assert!(found(&app, &ada, query).await.is_empty(), "{query}");
    }
}

#[tokio::test]
async fn where_search_is_off_nobody_is_found() {
    let app = TestApp::start_with(|config| config.search = Search::Off).await;
    let ada = app.register("ada").await;
    app.register("ben").await;
    let refused = app.get("/api/v1/people?query=ben").by(&ada).send().await;
    assert_eq!(refused.refused(), (403, ErrorCode::Forbidden));
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
