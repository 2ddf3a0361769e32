import type { CallDescription } from "../src/protocol/CallDescription";

import { Between, type Change, ForgedDevice, KeyThief } from "./harness/between";
import { Caller, connect, connectUnheard } from "./harness/calls";
import { introduce } from "./harness/person";
import { expect, type People, test } from "./harness/test";
import type { Traffic } from "./harness/witness";

test("both see the same pictures, and who compared them sees so in the next call", async ({
  people,
}) => {
  const { ada, ben } = await pair(people);
  await connect(ada, ben);
  const seen = await ada.pictures(ben);
  expect(seen).toHaveLength(5);
  expect(await ben.pictures(ada)).toEqual(seen);
  const drawn = await drawings(ada, ben);
  expect(new Set(drawn).size).toBe(new Set(seen).size);
  expect(await drawings(ben, ada)).toEqual(drawn);
  await ada.button(ben, "They match").click();
  await expect(ada.identity(ben)).toContainText("Verified");
  await ada.end(ben);
  await ada.dismiss(ben);
  await ben.dismiss(ada);

  await connect(ada, ben);
  await expect(ada.identity(ben)).toContainText("Verified");
  await expect(ben.identity(ada)).toContainText("Encrypted");
  // Another connection has another code.
  expect(await ada.pictures(ben)).not.toEqual(seen);
});

test("pictures that differ end the call on both sides, and the conversation says so", async ({
  people,
}) => {
  const { ada, ben } = await pair(people);
  await connect(ada, ben);
  await ben.pictures(ada);
  await ben.button(ada, "They differ").click();
  for (const [one, other] of [
    [ada, ben],
    [ben, ada],
  ] as const) {
    await expect(one.status(other)).toContainText("Call ended to protect you");
    await expect(one.person.timeline).toContainText("somebody may have listened in");
    await one.ear.expectNothingHeld();
  }
});

test("a reload keeps the key and changes the pictures", async ({ people }) => {
  const { ada, ben } = await pair(people);
  await connect(ada, ben);
  const before = await ada.pictures(ben);
  await ada.person.page.keyboard.press("Escape");
  ben.person.page.once("dialog", (dialog) => void dialog.accept());
  await ben.person.page.reload();
  await ada.ear.hears(ben.hertz, 8_000);
  await ben.ear.hears(ada.hertz, 8_000);
  await expect(ada.identity(ben)).toContainText("Encrypted");
  const after = await ada.pictures(ben);
  expect(after).not.toEqual(before);
  expect(await ben.pictures(ada)).toEqual(after);
});

test("a device that nobody vouches for is not heard until the person wants it", async ({
  people,
}) => {
  const { ada, ben } = await pair(people);
  await connect(ada, ben);
  await ada.end(ben);
  await ada.dismiss(ben);
  await ben.dismiss(ada);
  const { account } = ben.person;
  const phone = await Caller.join(people, "Ben", 1300, { account });
  await phone.person.signIn();
  await expect(ben.person.newDevice).toContainText("A new device signed in");

  await connectUnheard(ada, phone);
  await ada.button(phone, "Talk anyway").click();
  await ada.ear.hears(phone.hertz);
  await phone.ear.hears(ada.hertz);
});

test("a device that an older one vouches for is known at once", async ({ people }) => {
  const { ada, ben } = await pair(people);
  await connect(ada, ben);
  await ada.pictures(ben);
  await ada.button(ben, "They match").click();
  await ada.end(ben);
  await ada.dismiss(ben);
  await ben.dismiss(ada);
  const phone = await Caller.device(people, ben, 1300);

  await ada.dial(phone);
  await phone.answer(ada);
  await ada.ear.hears(phone.hertz);
  await expect(ada.identity(phone)).toContainText("Verified");
});

const LIES: readonly (readonly [string, (between: Between) => Change])[] = [
  ["another certificate", () => (it) => ({ ...it, fingerprint: "ab".repeat(32) })],
  ["no signature worth the name", () => (it) => signed(it, "00".repeat(64))],
  ["no nonce", () => (it) => ({ ...it, identity: { ...it.identity, code: null } })],
  ["sound of varying packet sizes", () => (it) => ({ ...it, codecs: it.codecs.map(unsteady) })],
  [
    "a signature of the call before",
    ({ seen }) =>
      (it) =>
        replayed(it, seen),
  ],
];

for (const [lie, change] of LIES) {
  test(`a server that gives the caller ${lie} is found out before a sound`, async ({ people }) => {
    const ada = await Caller.join(people, "Ada", 440);
    const ben = await Caller.join(people, "Ben", 1000);
    const between = await Between.at(ada.person.page, change);
    between.active = false;
    await introduce(ada.person, ben.person);
    await connect(ada, ben);
    await ada.end(ben);
    await ada.dismiss(ben);
    await ben.dismiss(ada);
    const before = await traffic(ada, ben);
    for (const { sent, received } of before) expect(Math.min(sent, received)).toBeGreaterThan(0);

    between.active = true;
    await ada.dial(ben);
    await ben.answer(ada);
    await expect(ada.status(ben)).toContainText("Call ended to protect you");
    await expect(ben.status(ada)).toContainText("Call ended to protect you");
    // Of the connections of this call too, which are closed by now.
    expect(await traffic(ada, ben)).toEqual(before);
    await expect(ada.person.timeline).toContainText("somebody may have listened in");
  });
}

test("a server that gives the callee another certificate is found out while it rings, and both are warned", async ({
  people,
}) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  const between = await Between.at(ben.person.page, () => (it) => ({
    ...it,
    fingerprint: "ab".repeat(32),
  }));
  between.active = false;
  await introduce(ada.person, ben.person);
  between.active = true;
  await ada.dial(ben);
  for (const [one, other] of [
    [ada, ben],
    [ben, ada],
  ] as const) {
    await expect(one.call(other)).toContainText("Call ended to protect you");
    await expect(one.person.timeline).toContainText("somebody may have listened in");
  }
});

test("a server that makes up a device shows other pictures in the first call", async ({
  people,
}) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  const forged = new ForgedDevice();
  await Between.at(ada.person.page, (between) => (it) => forged.sign(it, between));
  await introduce(ada.person, ben.person);
  await ada.dial(ben);
  await ben.answer(ada);
  await ada.ear.hears(ben.hertz);
  const seen = await ada.pictures(ben);
  expect(seen).toHaveLength(5);
  expect(await ben.pictures(ada)).not.toEqual(seen);
});

test("a server that makes up a device of somebody known is not heard", async ({ people }) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  const forged = new ForgedDevice();
  const between = await Between.at(ada.person.page, (it) => (made) => forged.sign(made, it));
  between.active = false;
  await introduce(ada.person, ben.person);
  await connect(ada, ben);
  await ada.end(ben);
  await ada.dismiss(ben);
  await ben.dismiss(ada);
  between.active = true;
  await connectUnheard(ada, ben);
});

test("the key of a device that was signed out is known no more", async ({ people }) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  const thief = await KeyThief.at(ben.person.page);
  let stolen: ForgedDevice | null = null;
  const between = await Between.at(
    ada.person.page,
    (it) => (made) => (stolen === null ? made : stolen.sign(made, it)),
  );
  await introduce(ada.person, ben.person);
  await connect(ada, ben);
  await ada.end(ben);
  await ada.dismiss(ben);
  await ben.dismiss(ada);
  const phone = await Caller.device(people, ben, 1300);
  stolen = new ForgedDevice(thief.keys());

  // As long as the laptop is signed in, its key is as good as it was.
  await ada.dial(phone);
  await phone.answer(ada);
  await ada.ear.hears(phone.hertz);
  await expect(ada.identity(phone)).toContainText("Encrypted");
  await ada.end(phone);
  await ada.dismiss(phone);
  await phone.dismiss(ada);

  await phone.person.openAccount();
  await phone.person.sessions
    .filter({ hasNotText: /this device/i })
    .getByRole("button", { name: /^Sign out/ })
    .click();
  await ben.person.seesEntrance();
  await phone.person.page.getByRole("button", { name: "Close" }).click();
  await connectUnheard(ada, phone);

  // With its own key the phone, for which the laptop spoke while it could, is known.
  await ada.end(phone);
  await ada.dismiss(phone);
  await phone.dismiss(ada);
  between.active = false;
  await ada.dial(phone);
  await phone.answer(ada);
  await ada.ear.hears(phone.hertz);
});

/** How the pictures that somebody compares are drawn. */
async function drawings(of: Caller, other: Caller): Promise<string[]> {
  const drawn = of.call(other).getByRole("listitem").locator("svg");
  await expect(drawn.first().locator("path, ellipse").first()).toBeVisible();
  return drawn.evaluateAll((all) => all.map((one) => one.innerHTML));
}

/** What each of them sent and received in all calls so far, once these are over. */
async function traffic(...callers: Caller[]): Promise<Traffic[]> {
  return Promise.all(
    callers.map(async ({ ear }) => {
      await ear.expectNothingHeld();
      return ear.trafficEver();
    }),
  );
}

async function pair(people: People): Promise<{ ada: Caller; ben: Caller }> {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  return { ada, ben };
}

function signed(description: CallDescription, signature: string): CallDescription {
  return { ...description, identity: { ...description.identity, signature } };
}

function unsteady(codec: CallDescription["codecs"][number]): CallDescription["codecs"][number] {
  return codec.codec === "opus" ? { ...codec, cbr: false } : codec;
}

/** The newest description with the signature of the first of its kind. */
function replayed(description: CallDescription, seen: readonly CallDescription[]): CallDescription {
  const before = seen.find(({ kind }) => kind === description.kind);
  return before ? { ...description, identity: before.identity } : description;
}
