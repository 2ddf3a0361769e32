//! Hold, a second call during a call, and a call that moves to another device.

use protocol::call::{CallReport, CallSound, CallState, Here};
use protocol::error::ErrorCode;
use protocol::socket::ServerFrame;

use crate::app::TestApp;
use crate::device::{Device, befriend};
use crate::phone::description;

#[tokio::test]
async fn second_call_waits_on_the_device_that_talks_and_is_answered_beside_the_held_one() {
    let app = TestApp::start_ticking(|_| {}).await;
    let user = app.register("ben").await;
    let mut ben = app.connect(&user).await;
    let mut phone = app.connect(&app.sign_in("ben").await).await;
    let [mut ada, mut cleo] = [app.join("ada").await, app.join("cleo").await];
    let with_ada = befriend(&mut ada, &mut ben).await;
    let with_cleo = befriend(&mut cleo, &mut ben).await;
    let (first, _) = ada.start_call(with_ada).await.unwrap();
    ben.answer_call(first).await.unwrap();
    phone
        .told_call(|view| matches!(view.here, Here::Elsewhere { .. }))
        .await;
    phone.all_told().await;

    let (second, _) = cleo.start_call(with_cleo).await.unwrap();
    let waits = ben.told_call(|view| view.call.id == second).await;
    assert_eq!(waits.here, Here::Rings);
    let rings = |frame: &ServerFrame| matches!(frame, ServerFrame::Call { .. });
    assert!(!phone.all_told().await.iter().any(rings));

    let early = ben.answer_call(second).await;
    assert_eq!(early.unwrap_err().code, ErrorCode::WrongState);
    let sound = |change, on_hold| CallSound {
        muted: false,
        on_hold,
        change,
    };
    ben.set_sound(first, sound(1, true)).await.unwrap();
    let held = ada.told_call(|view| view.call.callee_sound.on_hold).await;
    assert_eq!(held.call.callee_sound, sound(1, true));
    ben.answer_call(second).await.unwrap();
    let both = ben.set_sound(first, sound(2, false)).await;
    assert_eq!(Device::refused(both), ErrorCode::WrongState);
    cleo.hang_up(second).await.unwrap();
    // What was said before is no news.
    ben.set_sound(first, sound(1, false)).await.unwrap();
    ben.set_sound(first, sound(3, false)).await.unwrap();
    let back = ada
        .told_call(|view| view.call.callee_sound.change > 1)
        .await;
    assert_eq!(back.call.callee_sound, sound(3, false));
}

#[tokio::test]
async fn call_is_taken_over_by_another_device_of_the_same_person() {
    let app = TestApp::start_ticking(|_| {}).await;
    let (mut ada, mut laptop, conversation) = app.contacts().await;
    let mut phone = app.connect(&app.sign_in("ben").await).await;
    let (call, _) = ada.start_call(conversation).await.unwrap();
    laptop.answer_call(call).await.unwrap();
    for device in [&mut ada, &mut laptop] {
        device.report(call, CallReport::Connected).await.unwrap();
    }
    let before = ada
        .told_call(|view| matches!(view.call.state, CallState::Active { .. }))
        .await;
    let stale = phone.take_call(call, 0).await;
    assert_eq!(stale.unwrap_err().code, ErrorCode::BadRequest);
    let taken = phone.take_call(call, 1).await.unwrap();
    assert_eq!(taken.here, Here::TakesPart);
    assert_eq!(taken.call.state, before.call.state, "the time runs on");
    let name = Some(phone.welcome.device.name.clone());
    let left = laptop
        .told_call(|view| matches!(view.here, Here::Elsewhere { .. }))
        .await;
    assert_eq!(left.here, Here::Elsewhere { device: name });
    let offer = ada.told(|frame| match frame {
        ServerFrame::Description { description, .. } => Some(description.clone()),
        _ => None,
    });
    assert_eq!(offer.await, description("offer", 1));
    let late = laptop.hang_up(call).await;
    assert_eq!(Device::refused(late), ErrorCode::Forbidden);
    let again = phone.take_call(call, 1).await.unwrap();
    assert_eq!(again.call.revision, taken.call.revision, "a resend");
    phone.hang_up(call).await.unwrap();
    ada.told_end(call).await;
}
