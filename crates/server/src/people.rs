//! How people are found: what the host allows.
//!
//! The rule kept here: a search must not become a list of everybody. There is no empty search, a page has
//! an end, and an account may search only so often (`allowances`). What matches is decided in `store::people`.

use protocol::account::Person;
use protocol::error::ErrorCode;
use protocol::limits::{PEOPLE_QUERY_MAX_CHARS, PEOPLE_QUERY_MIN_CHARS};
use protocol::registration::Search;
use protocol::{UserId, Username};

use crate::allowances::Deed;
use crate::app::App;
use crate::error::Refusal;
use crate::store;

/// Finds people as the host allows.
///
/// # Errors
/// [`ErrorCode::BadRequest`] for a search too short or too long, [`ErrorCode::Forbidden`] where nobody is
/// found on this server, [`ErrorCode::RateLimited`].
pub async fn find(app: &App, asking: UserId, query: String) -> Result<Vec<Person>, Refusal> {
    let search = app.config.search;
    if search == Search::Off {
        let message = "Nobody is found by searching on this server. Contacts come by invites.";
        return Err(Refusal::new(ErrorCode::Forbidden, message));
    }
    check_length(&query)?;
    app.allowances
        .take(app.clock.instant(), Deed::Search, asking)?;
    if search == Search::Open {
        let find = app
            .store
            .read(move |db| store::people::find(db, &query, asking));
        return Ok(find.await?);
    }
    // As it is shown, with the sign before it.
    let name = query.trim();
    let Ok(username) = name.strip_prefix('@').unwrap_or(name).parse::<Username>() else {
        return Ok(Vec::new());
    };
    let find = app
        .store
        .read(move |db| store::people::find_exact(db, &username, asking));
    Ok(find.await?.into_iter().collect())
}

fn check_length(query: &str) -> Result<(), Refusal> {
    let wrong = match query.trim().chars().count() {
        0..PEOPLE_QUERY_MIN_CHARS => format!("too short: at least {PEOPLE_QUERY_MIN_CHARS}"),
        PEOPLE_QUERY_MIN_CHARS..=PEOPLE_QUERY_MAX_CHARS => return Ok(()),
        _ => format!("too long: at most {PEOPLE_QUERY_MAX_CHARS}"),
    };
    let message = format!("query is {wrong} characters.");
    Err(Refusal::new(ErrorCode::BadRequest, message).at("query"))
}
