//! Calls in SQL: what the switchboard needs to go on after a restart, and what the call log shows.
//!
//! A row is written whole at every transition. Descriptions and candidates are never kept.

use call::switchboard::{self, Party, Reach};
use protocol::call::{Call, CallEnd, CallRecord, CallSound, CallState, EndReason, FailCause};
use protocol::{
    AttemptId, CallId, ConversationId, DeviceId, DeviceName, Milliseconds, Timestamp, UserId,
};
use rusqlite::{Row, named_params, params};

use super::missed::MISSED;
use super::{Connection, StoreError};

/// Keeps a call as it is now. An older record changes nothing: one that failed may be tried again behind a newer one.
///
/// # Errors
/// [`StoreError`].
pub fn save(db: &Connection, row: &switchboard::Row) -> Result<(), StoreError> {
    let call = &row.call;
    let (state, expires_at, active_at, end) = match call.state {
        CallState::Ringing { expires_at, .. } => ("ringing", Some(expires_at), None, None),
        CallState::Connecting { expires_at } => ("connecting", Some(expires_at), None, None),
        CallState::Active { since } => ("active", None, Some(since), None),
        CallState::Ended { end } => ("ended", None, None, Some(end)),
    };
    let ended = end.map(|end| EndColumns::of(end.reason));
    db.prepare_cached(
        "INSERT INTO calls (id, conversation, caller, callee, attempt, caller_device, callee_device,
           reach, state, revision, started_at, expires_at, active_at, ended_at, end_reason, end_cause,
           ended_by, talked)
         VALUES (:id, :conversation, :caller, :callee, :attempt, :caller_device, :callee_device,
           :reach, :state, :revision, :started_at, :expires_at, :active_at, :ended_at, :end_reason,
           :end_cause, :ended_by, :talked)
         ON CONFLICT (id) DO UPDATE SET caller_device = :caller_device,
           callee_device = :callee_device, reach = :reach,
           state = :state, revision = :revision, expires_at = :expires_at, active_at = :active_at,
           ended_at = :ended_at, end_reason = :end_reason, end_cause = :end_cause,
           ended_by = :ended_by, talked = :talked
         WHERE calls.revision <= :revision",
    )?
    .execute(named_params! {
        ":id": call.id.0,
        ":conversation": call.conversation.0,
        ":caller": call.caller.0,
        ":callee": call.callee.0,
        ":attempt": call.attempt.0,
        ":caller_device": row.caller.device.0,
        ":callee_device": row.callee.as_ref().map(|party| party.device.0),
        ":reach": reach_text(row.reach),
        ":state": state,
        ":revision": call.revision,
        ":started_at": call.started_at.0,
        ":expires_at": expires_at.map(|at| at.0),
        ":active_at": active_at.map(|at| at.0),
        ":ended_at": end.map(|end| end.ended_at.0),
        ":end_reason": ended.as_ref().map(|end| end.reason),
        ":end_cause": ended.as_ref().and_then(|end| end.cause),
        ":ended_by": ended.as_ref().and_then(|end| end.by).map(|user| user.0),
        ":talked": end.and_then(|end| end.talked).map(|talked| talked.0.cast_signed()),
    })?;
    Ok(())
}

/// Every call that has not ended, oldest first.
///
/// # Errors
/// [`StoreError`].
pub fn alive(db: &Connection) -> Result<Vec<switchboard::Row>, StoreError> {
    let mut statement = db.prepare(
        "SELECT k.*, caller.name AS caller_device_name, callee.name AS callee_device_name
         FROM calls k
         JOIN devices caller ON caller.id = k.caller_device
         LEFT JOIN devices callee ON callee.id = k.callee_device
         WHERE k.state <> 'ended' ORDER BY k.id",
    )?;
    let mut rows = statement.query([])?;
    let mut calls = Vec::new();
    while let Some(row) = rows.next()? {
        calls.push(live_call(row)?);
    }
    Ok(calls)
}

/// Which calls of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// Those that it missed.
    Missed,
}

/// One page of an account's call log, newest first, and whether there is more.
///
/// # Errors
/// [`StoreError`].
pub fn log(
    db: &Connection,
    me: UserId,
    which: Which,
    before: Option<CallId>,
    limit: u32,
) -> Result<(Vec<CallRecord>, bool), StoreError> {
    let which = match which {
        Which::All => "(caller = ?1 OR (callee = ?1 AND reach <> 'silent'))".to_owned(),
        Which::Missed => format!("callee = ?1 AND reach <> 'silent' AND end_reason IN {MISSED}"),
    };
    let sql = format!(
        "SELECT * FROM calls WHERE {which} AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(params![
        me.0,
        before.map(|call| call.0),
        limit.saturating_add(1)
    ])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        let id = CallId(row.get("id")?);
        records.push(record(row, id, ConversationId(row.get("conversation")?))?);
    }
    let more = records.len() > limit as usize;
    records.truncate(limit as usize);
    Ok((records, more))
}

/// The record of a call, from a row that has the columns of `calls`.
pub(super) fn record(
    row: &Row<'_>,
    call: CallId,
    conversation: ConversationId,
) -> Result<CallRecord, StoreError> {
    Ok(CallRecord {
        call,
        conversation,
        caller: UserId(row.get("caller")?),
        callee: UserId(row.get("callee")?),
        started_at: Timestamp(row.get("started_at")?),
        end: end(row, call)?,
    })
}

fn live_call(row: &Row<'_>) -> Result<switchboard::Row, StoreError> {
    let id = CallId(row.get("id")?);
    let [from, to] = ["caller", "callee"].map(|column| row.get(column).map(UserId));
    let (from, to) = (from?, to?);
    let expires_at = || row.get("expires_at").map(Timestamp);
    let state = match row.get::<_, String>("state")?.as_str() {
        // Which devices ring is not kept: they say so again when they come back.
        "ringing" => CallState::Ringing {
            devices: 0,
            expires_at: expires_at()?,
        },
        "connecting" => CallState::Connecting {
            expires_at: expires_at()?,
        },
        "active" => CallState::Active {
            since: Timestamp(row.get("active_at")?),
        },
        other => return Err(StoreError::Corrupt(format!("call {id} is {other:?}"))),
    };
    Ok(switchboard::Row {
        call: Call {
            id,
            attempt: AttemptId(row.get("attempt")?),
            revision: row.get("revision")?,
            conversation: ConversationId(row.get("conversation")?),
            caller: from,
            callee: to,
            started_at: Timestamp(row.get("started_at")?),
            state,
            caller_sound: CallSound::default(),
            callee_sound: CallSound::default(),
        },
        caller: party(row, from, "caller_device", "caller_device_name")?
            .ok_or_else(|| StoreError::Corrupt(format!("call {id} has no caller's device")))?,
        callee: party(row, to, "callee_device", "callee_device_name")?,
        reach: reach(row.get::<_, String>("reach")?.as_str())
            .ok_or_else(|| StoreError::Corrupt(format!("call {id} has no reach")))?,
    })
}

fn party(
    row: &Row<'_>,
    user: UserId,
    device: &str,
    name: &str,
) -> Result<Option<Party>, StoreError> {
    let (Some(device), Some(name)) = (
        row.get::<_, Option<uuid::Uuid>>(device)?,
        row.get::<_, Option<String>>(name)?,
    ) else {
        return Ok(None);
    };
    Ok(Some(Party {
        user,
        device: DeviceId(device),
        device_name: DeviceName::kept(&name),
    }))
}

const REACHES: [Reach; 4] = [Reach::Devices, Reach::Nobody, Reach::Quiet, Reach::Silent];

const fn reach_text(reach: Reach) -> &'static str {
    match reach {
        Reach::Devices => "devices",
        Reach::Nobody => "nobody",
        Reach::Quiet => "quiet",
        Reach::Silent => "silent",
    }
}

fn reach(text: &str) -> Option<Reach> {
    REACHES.into_iter().find(|&reach| reach_text(reach) == text)
}

/// An end reason taken apart into columns.
#[derive(Debug, PartialEq, Eq)]
struct EndColumns {
    reason: &'static str,
    cause: Option<&'static str>,
    by: Option<UserId>,
}

impl EndColumns {
    fn of(reason: EndReason) -> Self {
        let (reason, cause, by) = match reason {
            EndReason::HungUp { by } => ("hung_up", None, Some(by)),
            EndReason::Declined => ("declined", None, None),
            EndReason::Cancelled => ("cancelled", None, None),
            EndReason::Busy => ("busy", None, None),
            EndReason::NoAnswer => ("no_answer", None, None),
            EndReason::Unreachable => ("unreachable", None, None),
            EndReason::Failed { cause } => ("failed", Some(cause_text(cause)), None),
            EndReason::Lost => ("lost", None, None),
            EndReason::Replaced => ("replaced", None, None),
        };
        Self { reason, cause, by }
    }
}

const CAUSES: [FailCause; 7] = [
    FailCause::NoMicrophone,
    FailCause::PermissionDenied,
    FailCause::NoPath,
    FailCause::PeerGone,
    FailCause::Timeout,
    FailCause::Protocol,
    FailCause::Identity,
];

const fn cause_text(cause: FailCause) -> &'static str {
    match cause {
        FailCause::NoMicrophone => "no_microphone",
        FailCause::PermissionDenied => "permission_denied",
        FailCause::NoPath => "no_path",
        FailCause::PeerGone => "peer_gone",
        FailCause::Timeout => "timeout",
        FailCause::Protocol => "protocol",
        FailCause::Identity => "identity",
    }
}

fn end(row: &Row<'_>, call: CallId) -> Result<Option<CallEnd>, StoreError> {
    let Some(reason) = row.get::<_, Option<String>>("end_reason")? else {
        return Ok(None);
    };
    let cause: Option<String> = row.get("end_cause")?;
    let by: Option<uuid::Uuid> = row.get("ended_by")?;
    let reason = end_reason(&reason, cause.as_deref(), by.map(UserId))
        .ok_or_else(|| StoreError::Corrupt(format!("call {call} ended as {reason:?}")))?;
    let talked: Option<i64> = row.get("talked")?;
    Ok(Some(CallEnd {
        reason,
        ended_at: Timestamp(row.get("ended_at")?),
        talked: talked.map(|talked| Milliseconds(talked.cast_unsigned())),
    }))
}

fn end_reason(reason: &str, cause: Option<&str>, by: Option<UserId>) -> Option<EndReason> {
    Some(match reason {
        "hung_up" => EndReason::HungUp { by: by? },
        "declined" => EndReason::Declined,
        "cancelled" => EndReason::Cancelled,
        "busy" => EndReason::Busy,
        "no_answer" => EndReason::NoAnswer,
        "unreachable" => EndReason::Unreachable,
        "failed" => {
            let cause = cause?;
            let cause = CAUSES.into_iter().find(|&c| cause_text(c) == cause)?;
            EndReason::Failed { cause }
        }
        "lost" => EndReason::Lost,
        "replaced" => EndReason::Replaced,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn every_end_reason_survives_its_columns() {
        for reason in every_reason() {
            let columns = EndColumns::of(reason);
            let back = end_reason(columns.reason, columns.cause, columns.by);
            assert_eq!(back, Some(reason));
        }
    }

    #[test]
    fn sql_and_rust_agree_on_what_is_missed() {
        for reason in every_reason() {
            let quoted = format!("'{}'", EndColumns::of(reason).reason);
            assert_eq!(MISSED.contains(&quoted), reason.is_missed(), "{reason:?}");
        }
    }

    fn every_reason() -> Vec<EndReason> {
        let by = UserId(Uuid::from_u128(1));
        let mut reasons = vec![
            EndReason::HungUp { by },
            EndReason::Declined,
            EndReason::Cancelled,
            EndReason::Busy,
            EndReason::NoAnswer,
            EndReason::Unreachable,
            EndReason::Lost,
            EndReason::Replaced,
        ];
        reasons.extend(CAUSES.map(|cause| EndReason::Failed { cause }));
        reasons
    }
}
