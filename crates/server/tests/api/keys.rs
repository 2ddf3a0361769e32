//! Keys of devices: told once, listed to the account and its contacts, endorsed, gone with the session, and in every description.

use hyper::Method;
use protocol::description::{DeviceKey, Signature};
use protocol::error::ErrorCode;
use protocol::identity::{Endorsement, PersonKeys};
use protocol::socket::{Outcome, RequestBody, ServerFrame};
use protocol::{Milliseconds, UserId};

use crate::app::TestApp;
use crate::device::Device;
use crate::phone::{description, key, start};

#[tokio::test]
async fn a_device_has_one_key_while_it_is_signed_in() {
    let app = TestApp::start().await;
    let user = app.register("ada").await;
    let mut ada = Device::connect_without_key(app.address, &user).await;
    assert_eq!(ada.welcome.keys, [keys_of(&ada, &[])]);
    assert_eq!(publish(&mut ada, key(7)).await, Ok(()));
    assert_eq!(publish(&mut ada, key(7)).await, Ok(()));
    assert_eq!(publish(&mut ada, key(8)).await, Err(ErrorCode::Conflict));
    let again = Device::connect_without_key(app.address, &user).await;
    let [own] = again.welcome.keys.as_slice() else {
        panic!("{:?}", again.welcome.keys);
    };
    assert_eq!(list(own), [key(7)]);
    let device = own.devices[0].own.as_ref().unwrap();
    assert_eq!(device.session, again.welcome.session);
    assert_eq!(device.name, again.welcome.device.name);
}

#[tokio::test]
async fn contacts_are_told_keys_and_strangers_are_not() {
    let app = TestApp::start().await;
    let mut ada = app.join("ada").await;
    let mut ben = app.join("ben").await;
    let eve = app.join("eve").await;
    ada.forget();
    ben.forget();
    let conversation = ada.open_conversation(ben.me()).await.id;
    ada.write(conversation, "Hello.").await;
    ben.told_message().await;
    ben.ask(RequestBody::AcceptContact { conversation })
        .await
        .unwrap();
    assert_eq!(list(&told_keys(&mut ada, ben.me()).await), [key(1)]);
    let seen_by_ben = told_keys(&mut ben, ada.me()).await;
    assert_eq!(list(&seen_by_ben), [key(1)]);
    assert!(
        seen_by_ben
            .devices
            .iter()
            .all(|device| device.own.is_none())
    );
    ben.ask(RequestBody::BlockContact { conversation })
        .await
        .unwrap();
    let user = app.sign_in("ada").await;
    let mut phone = Device::connect_without_key(app.address, &user).await;
    assert_eq!(publish(&mut phone, key(2)).await, Ok(()));
    let own = ada.me();
    assert_eq!(list(&told_keys(&mut ada, own).await).len(), 2);
    for mut other in [ben, eve] {
        let mine = other.me();
        let told = |frame: &ServerFrame| match frame {
            ServerFrame::Keys { keys } if keys.person != mine => Some(keys.clone()),
            _ => None,
        };
        assert_eq!(other.every_frame().await.iter().find_map(told), None);
    }
}

#[tokio::test]
async fn an_endorsement_is_passed_on_and_goes_with_the_session() {
    let app = TestApp::start().await;
    let (mut ada, mut ben, _) = app.contacts().await;
    // Devices are listed by the time of their sign-in.
    app.advance(Milliseconds(1));
    let user = app.sign_in("ada").await;
    let mut phone = Device::connect_without_key(app.address, &user).await;
    publish(&mut phone, key(2)).await.unwrap();
    assert_eq!(endorse(&mut ada, key(2)).await, Ok(()));
    let endorsement = Endorsement {
        by: key(1),
        signature: signature(),
    };
    let seen = ben
        .told(|frame| match frame {
            ServerFrame::Keys { keys } if !keys.devices.last()?.endorsements.is_empty() => {
                Some(keys.clone())
            }
            _ => None,
        })
        .await;
    assert_eq!(list(&seen), [key(1), key(2)]);
    assert_eq!(seen.devices[1].endorsements, [endorsement]);
    ben.forget();
    let path = "/api/v1/sessions/current";
    app.ask(Method::DELETE, path).by(&user).send().await;
    assert_eq!(list(&told_keys(&mut ben, ada.me()).await), [key(1)]);
    assert_eq!(endorse(&mut ada, key(2)).await, Err(ErrorCode::NotFound));
}

#[tokio::test]
async fn nobody_endorses_themselves_others_or_without_a_key() {
    let app = TestApp::start().await;
    let (mut ada, _ben, _) = app.contacts().await;
    assert_eq!(endorse(&mut ada, key(1)).await, Err(ErrorCode::BadRequest));
    assert_eq!(endorse(&mut ada, key(9)).await, Err(ErrorCode::NotFound));
    let user = app.sign_in("ada").await;
    let mut phone = Device::connect_without_key(app.address, &user).await;
    assert_eq!(
        endorse(&mut phone, key(1)).await,
        Err(ErrorCode::WrongState)
    );
}

#[tokio::test]
async fn a_description_carries_the_key_of_the_device_that_sends_it() {
    let app = TestApp::start().await;
    let (mut ada, mut ben, conversation) = app.contacts().await;
    let mut foreign = start(conversation);
    if let RequestBody::StartCall { description, .. } = &mut foreign {
        description.identity.key = key(2);
    }
    assert_eq!(
        Device::refused(ada.ask(foreign).await),
        ErrorCode::BadRequest
    );
    let (call, _) = ada.start_call(conversation).await.unwrap();
    ben.told_call(|view| view.call.id == call).await;
    let mut foreign = description("answer", 0);
    foreign.identity.key = key(2);
    let answer = RequestBody::AnswerCall {
        call,
        description: foreign.clone(),
        candidates: Vec::new(),
    };
    assert_eq!(
        Device::refused(ben.ask(answer).await),
        ErrorCode::BadRequest
    );
    let describe = RequestBody::DescribeCall {
        call,
        description: foreign,
    };
    assert_eq!(
        Device::refused(ben.ask(describe).await),
        ErrorCode::BadRequest
    );
    ben.answer_call(call).await.unwrap();
}

async fn publish(device: &mut Device, key: DeviceKey) -> Result<(), ErrorCode> {
    done(device.ask(RequestBody::PublishKey { key }).await)
}

async fn endorse(device: &mut Device, key: DeviceKey) -> Result<(), ErrorCode> {
    let signature = signature();
    done(device.ask(RequestBody::EndorseKey { key, signature }).await)
}

fn done(result: Result<Outcome, protocol::socket::RequestError>) -> Result<(), ErrorCode> {
    result.map(drop).map_err(|error| error.code)
}

async fn told_keys(device: &mut Device, person: UserId) -> PersonKeys {
    device
        .told(|frame| match frame {
            ServerFrame::Keys { keys } if keys.person == person => Some(keys.clone()),
            _ => None,
        })
        .await
}

fn keys_of(device: &Device, devices: &[protocol::identity::ListedDevice]) -> PersonKeys {
    PersonKeys {
        person: device.me(),
        devices: devices.to_vec(),
    }
}

fn list(keys: &PersonKeys) -> Vec<DeviceKey> {
    keys.devices.iter().map(|it| it.key.clone()).collect()
}

fn signature() -> Signature {
    "5e".repeat(64).parse().unwrap()
}
