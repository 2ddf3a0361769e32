/** A server that withholds what two devices need to know each other: nothing is sent, and the call says that it could not be. */
import type { CallId } from "../src/protocol/CallId";
import type { Remote } from "../src/protocol/Remote";
import type { ServerFrame } from "../src/protocol/ServerFrame";

import { Caller, connect, connectUnheard } from "./harness/calls";
import { introduce } from "./harness/person";
import { expect, type People, test } from "./harness/test";
import { replaced, type Rule, Withholding } from "./harness/withholding";

test.use({ settings: { calls: { connect_timeout_ms: 4_000, ring_timeout_ms: 5_000 } } });

const PROTECTED = "Call ended to protect you";

const FROM_CALLERS: readonly (readonly [string, Rule, string])[] = [
  ["the answer with all paths", withoutOther, "Connecting took too long"],
  ["the answer alone", pathsAlone, "Connecting took too long"],
  ["the answer's signature", withoutSignature, PROTECTED],
  ["who made the answer", withoutIdentity, PROTECTED],
];

for (const [what, rule, words] of FROM_CALLERS) {
  test(`a call is given up without a sound where a server withholds ${what} from the caller`, async ({
    people,
  }) => {
    const { ada, ben } = await pair(people);
    const withholding = await Withholding.at(ada.person.page, rule);
    await introduce(ada.person, ben.person);
    await ada.dial(ben);
    await ben.answer(ada);
    await expect(ada.status(ben)).toContainText(words);
    await expect(ben.status(ada)).toContainText(words);
    await expectNoSoundUntilHonest(ada, ben, withholding);
  });
}

/** Whether there is anything to answer, and what the callee and the caller read. */
const FROM_CALLEES: readonly (readonly [string, Rule, boolean, string, string])[] = [
  ["the offer", withoutOther, true, "Missed call", "No answer"],
  ["the offer's signature", withoutSignature, false, PROTECTED, PROTECTED],
  ["who made the offer", withoutIdentity, false, PROTECTED, PROTECTED],
];

for (const [what, rule, rings, forCallee, forCaller] of FROM_CALLEES) {
  test(`a call is given up without a sound where a server withholds ${what} from the callee`, async ({
    people,
  }) => {
    const { ada, ben } = await pair(people);
    const withholding = await Withholding.at(ben.person.page, rule);
    await introduce(ada.person, ben.person);
    await ada.dial(ben);
    if (rings) {
      await ben.answer(ada);
      await expect(ben.status(ada)).toContainText("Answering");
    }
    await expect(ben.call(ada)).toContainText(forCallee);
    await expect(ada.call(ben)).toContainText(forCaller);
    await expectNoSoundUntilHonest(ada, ben, withholding);
  });
}

test("a call is heard although its paths come before its descriptions", async ({ people }) => {
  const { ada, ben } = await pair(people);
  const withholding = await Withholding.at(ada.person.page, (frame) => {
    const remote = remoteOf(frame);
    if (remote === null) return [frame];
    const { call, description } = remote;
    return [...pathsAlone(frame), { type: "description", call, description }];
  });
  await introduce(ada.person, ben.person);
  await connect(ada, ben);
  expect(withholding.meddled).toBeGreaterThan(0);
});

test("a device of which a server withholds who vouches for it is not heard", async ({ people }) => {
  const { ada, ben } = await pair(people);
  const withholding = await Withholding.at(ada.person.page, (frame) => [
    replaced(frame, "endorsements", []),
  ]);
  await introduce(ada.person, ben.person);
  await connect(ada, ben);
  await ada.end(ben);
  await ada.dismiss(ben);
  await ben.dismiss(ada);
  const phone = await Caller.device(people, ben, 1300);
  await connectUnheard(ada, phone);
  await ada.end(phone);
  await ada.dismiss(phone);
  await phone.dismiss(ada);

  expect(withholding.meddled).toBeGreaterThan(0);
  withholding.active = false;
  await ada.person.page.reload();
  await connect(ada, phone);
  await expect(ada.identity(phone)).toContainText("Encrypted");
});

async function pair(people: People): Promise<{ ada: Caller; ben: Caller }> {
  return {
    ada: await Caller.join(people, "Ada", 440),
    ben: await Caller.join(people, "Ben", 1000),
  };
}

/** After the call: no connection of it carried a packet of sound; those of the next call do, where nothing is withheld. */
async function expectNoSoundUntilHonest(
  ada: Caller,
  ben: Caller,
  withholding: Withholding,
): Promise<void> {
  expect(withholding.meddled).toBeGreaterThan(0);
  for (const { ear } of [ada, ben]) {
    await ear.expectNothingHeld();
    expect(await ear.trafficEver()).toEqual({ sent: 0, received: 0 });
  }
  withholding.active = false;
  await ada.dismiss(ben);
  await ben.dismiss(ada);
  await connect(ada, ben);
  await ada.end(ben);
  for (const { ear } of [ada, ben]) {
    await ear.expectNothingHeld();
    const { sent, received } = await ear.trafficEver();
    expect(Math.min(sent, received)).toBeGreaterThan(0);
  }
}

interface Told extends Remote {
  call: CallId;
  epoch: number;
}

/** What a frame tells of the other device. */
function remoteOf(frame: ServerFrame): Told | null {
  if (frame.type !== "call" || frame.call.remote === null) return null;
  return { call: frame.call.call.id, epoch: frame.call.epoch, ...frame.call.remote };
}

function withoutOther(frame: ServerFrame): object[] {
  if (frame.type === "description" || frame.type === "candidates") return [];
  return [replaced(frame, "remote", null)];
}

function pathsAlone(frame: ServerFrame): object[] {
  if (frame.type === "description") return [];
  const remote = remoteOf(frame);
  if (remote === null) return [replaced(frame, "remote", null)];
  const { call, epoch, candidates } = remote;
  return [replaced(frame, "remote", null), { type: "candidates", call, epoch, candidates }];
}

function withoutSignature(frame: ServerFrame): object[] {
  return [replaced(frame, "signature", undefined)];
}

function withoutIdentity(frame: ServerFrame): object[] {
  return [replaced(frame, "identity", undefined)];
}
