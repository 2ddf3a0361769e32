//! What the commands print.

use std::fmt;

use protocol::Timestamp;
use protocol::managing::ManagedAccount;

use super::Answer;

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invited {
                link,
                uses,
                expires_at,
            } => {
                writeln!(f, "{link}")?;
                let people = if *uses == 1 { "one person" } else { "people" };
                let number = if *uses == 1 {
                    String::new()
                } else {
                    format!("{uses} ")
                };
                let day = day_and_time(*expires_at);
                writeln!(f)?;
                writeln!(f, "Good for {number}{people}, until {day}.")
            }
            Self::Accounts { accounts } => write_table(f, accounts),
            Self::Changed { account } => writeln!(f, "{}", sentence(account)),
            Self::Reset {
                link,
                expires_at,
                authenticator_app,
                passkeys,
            } => {
                writeln!(f, "{link}")?;
                writeln!(f)?;
                writeln!(
                    f,
                    "Their password is void and they are signed out everywhere. Whoever opens the link first \
                     chooses the new password: give it to nobody else. Good until {}.",
                    day_and_time(*expires_at)
                )?;
                write_factors_left(f, *authenticator_app, *passkeys)
            }
            Self::Refused { message } => writeln!(f, "{message}"),
        }
    }
}

/// What a reset left, so that a host who suspects a thief knows of it.
fn write_factors_left(
    f: &mut fmt::Formatter<'_>,
    authenticator_app: bool,
    passkeys: u32,
) -> fmt::Result {
    let passkeys = match passkeys {
        0 => None,
        1 => Some("one passkey".to_owned()),
        many => Some(format!("{many} passkeys")),
    };
    let app = authenticator_app.then(|| "an authenticator app".to_owned());
    let left: Vec<_> = app.into_iter().chain(passkeys).collect();
    if left.is_empty() {
        return Ok(());
    }
    writeln!(
        f,
        "They still have {}. Where those are lost, or are somebody else's, repeat this with \
         --without-second-factor.",
        left.join(" and ")
    )
}

fn write_table(f: &mut fmt::Formatter<'_>, accounts: &[ManagedAccount]) -> fmt::Result {
    if accounts.is_empty() {
        return writeln!(
            f,
            "There are no accounts yet. The first one becomes the administrator."
        );
    }
    writeln!(
        f,
        "{:<32}  {:<20}  {:<13}  NAME",
        "USERNAME", "LAST USE (UTC)", "STATE"
    )?;
    for account in accounts {
        let used = account
            .last_used_at
            .map_or("never".to_owned(), day_and_time);
        writeln!(
            f,
            "{:<32}  {:<20}  {:<13}  {}",
            account.person.username.as_str(),
            used.trim_end_matches(" UTC"),
            state(account),
            account.person.display_name
        )?;
    }
    Ok(())
}

fn state(account: &ManagedAccount) -> &'static str {
    match (account.disabled, account.administrator) {
        (true, _) => "disabled",
        (false, true) => "administrator",
        (false, false) => "",
    }
}

fn sentence(account: &ManagedAccount) -> String {
    let name = &account.person.username;
    match (account.disabled, account.administrator) {
        (true, _) => format!("{name} is disabled: signed out everywhere, and cannot sign in."),
        (false, true) => format!("{name} can sign in, and is an administrator."),
        (false, false) => format!("{name} can sign in, and is no administrator."),
    }
}

fn day_and_time(at: Timestamp) -> String {
    // Out of the calendar's range is no time of ours.
    jiff::Timestamp::from_millisecond(at.0).map_or("?".to_owned(), |at| {
        at.strftime("%Y-%m-%d %H:%M UTC").to_string()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invite_is_a_line_to_copy_and_what_it_is_good_for() {
        let answer = |uses| {
            let link = "https://a.example/#invite=x".to_owned();
            let expires_at = Timestamp(1_800_000_000_000);
            Answer::Invited {
                link,
                uses,
                expires_at,
            }
            .to_string()
        };
        assert!(answer(1).starts_with("https://a.example/#invite=x\n"));
        assert!(answer(1).ends_with("Good for one person, until 2027-01-15 08:00 UTC.\n"));
        assert!(answer(5).contains("Good for 5 people, "));
    }
}
