/** What a call survives: pages, browsers and servers that go away and come back. */
import { Cable } from "../harness/cable";
import { Caller, connect } from "../harness/calls";
import { introduce } from "../harness/person";
import { Profile } from "../harness/profile";
import type { AhoyServer } from "../harness/server";
import { expect, type People, test } from "../harness/test";

/** Sound that is away for less was not away: packets come late on a busy machine. */
const UNBROKEN_MS = 1_000;

test("fault 9: a dead socket that nobody closed is found and replaced, and the sound goes on", async ({
  people,
  server,
}) => {
  const cable = await Cable.to(server.url);
  const ada = await Caller.join(people, "Ada", 440, { url: cable.url });
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  await connect(ada, ben);

  const packets = await ben.ear.packetsReceived();
  const heard = await ben.ear.during([ada.hertz], async () => {
    // Fifteen seconds from the last sign of life, and a moment for a busy machine.
    const another = ada.person.page.waitForEvent("websocket", { timeout: 16_000 });
    cable.swallow();
    const socket = await another;
    await socket.waitForEvent("framereceived", { predicate: isWelcome, timeout: 5_000 });
  });
  expect(heard.longestSilence).toBeLessThan(UNBROKEN_MS);
  expect(await ben.ear.packetsReceived()).toBeGreaterThan(packets);
  await ada.talks(ben);
  await ada.ear.hears(ben.hertz);
  await ada.end(ben);
  await expect(ben.call(ada)).toContainText("Ada hung up");
  await ben.ear.expectNothingHeld();
  await cable.remove();
});

test("the server is killed in a call: the sound never stops, and the record is right", async ({
  people,
  server,
}) => {
  const { ada, ben } = await talking(people);
  const heard = await ada.ear.during([ben.hertz], async () => {
    await killAndStart(server, ada);
  });
  expect(heard.longestSilence).toBeLessThan(UNBROKEN_MS);
  await ada.talks(ben);
  await ben.talks(ada);
  await ben.ear.hears(ada.hertz);
  await ada.end(ben);
  await expect(ben.call(ada)).toContainText("Ada hung up");
  for (const { person } of [ada, ben]) {
    await expect(person.timeline.getByText("Voice call")).toHaveCount(1);
  }
});

test("the server is killed while a call rings: the call is right within five seconds of its return", async ({
  people,
  server,
}) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  await ada.dial(ben);
  await ben.ear.hearsTone();
  await server.kill();
  await server.start();

  await ben.answer(ada);
  await ben.ear.hears(ada.hertz, 5_000);
  await ada.ear.hears(ben.hertz, 5_000);
  await ada.end(ben);
  await expect(ben.call(ada)).toContainText("Ada hung up");
  await expect(ben.person.timeline.getByText("Voice call")).toHaveCount(1);
  await expect(ben.person.timeline.getByText("Missed call")).toHaveCount(0);
});

test("a page that is loaded anew is in its call again within five seconds", async ({ people }) => {
  const { ada, ben } = await talking(people);
  const before = seconds(await ada.timer(ben).textContent());
  const reloaded = Date.now();
  await ben.person.page.reload();
  const tookMs = await ben.ear.firstHeard(ada.hertz, reloaded);
  expect(tookMs).toBeLessThan(5_000);
  await ada.ear.hears(ben.hertz, 5_000);
  await ben.talks(ada);
  expect(seconds(await ben.timer(ada).textContent())).toBeGreaterThanOrEqual(before);
  expect(await ben.ear.liveTracks()).toBe(1);
  await ada.end(ben);
  await expect(ben.call(ada)).toContainText("Ada hung up");
  await ben.ear.expectNothingHeld();
  await expect(ada.person.timeline.getByText("Voice call")).toHaveCount(1);
});

test("a browser that crashes and is started again is in its call again within five seconds", async ({
  people,
}) => {
  const profile = new Profile();
  const ada = await Caller.join(people, "Ada", 440);
  const first = await Caller.join(people, "Ben", 1000, { profile });
  await introduce(ada.person, first.person);
  // Chromium writes cookies half a minute late, and at once when it is closed.
  await first.person.context.close();
  const ben = await Caller.join(people, "Ben", 1000, { profile });
  await ben.person.page.goto("/");
  await ben.person.openConversation(ada.person);
  await connect(ada, ben);
  await profile.crash();

  const again = await Caller.join(people, "Ben", 1000, { profile });
  const opened = Date.now();
  await again.person.page.goto("/");
  expect(await again.ear.firstHeard(ada.hertz, opened)).toBeLessThan(5_000);
  await ada.ear.hears(again.hertz, 5_000);
  await again.talks(ada);
  await ada.talks(again);
  await again.end(ada);
  await expect(ada.call(again)).toContainText("Ben hung up");
  await ada.ear.expectNothingHeld();
  await again.person.context.close();
  profile.remove();
});

test("what is muted, held and hung up reaches the other side while the server is away", async ({
  people,
  server,
}) => {
  const { ada, ben } = await talking(people);
  await server.kill();
  await ada.button(ben, "Mute").click();
  await expect(ben.call(ada)).toContainText("Ada is muted");
  await ben.ear.hearsSilence(ada.hertz);
  await ada.button(ben, "Unmute").click();
  await ben.ear.hears(ada.hertz);
  await ada.button(ben, "Hold").click();
  await expect(ben.status(ada)).toContainText("Ada put the call on hold");
  await ada.ear.hearsSilence(ben.hertz);
  await ada.button(ben, "Resume").click();
  await ada.ear.hears(ben.hertz);
  await ada.end(ben);
  await expect(ben.call(ada)).toContainText("Ada hung up");
  await ada.ear.expectNothingHeld();
  await ben.ear.expectNothingHeld();

  await server.start();
  for (const { person } of [ada, ben]) {
    await expect(person.offlineNotice).toBeHidden({ timeout: 30_000 });
    await expect(person.timeline.getByText("Voice call")).toHaveCount(1);
  }
});

test("what is muted reaches the other side while the server is frozen", async ({
  people,
  server,
}) => {
  const { ada, ben } = await talking(people);
  server.freeze();
  await ada.button(ben, "Mute").click();
  await expect(ben.call(ada)).toContainText("Ada is muted");
  await ben.ear.hearsSilence(ada.hertz);
  server.thaw();
  await ada.button(ben, "Unmute").click();
  await ben.ear.hears(ada.hertz);
});

test("a call moves to another device with at most a second of silence", async ({ people }) => {
  const { ada, ben } = await talking(people);
  const phone = await Caller.device(people, ben, 1300);
  const move = phone.person.page.getByRole("button", { name: "Move call here" });
  await expect(move).toBeVisible();
  const heard = await ada.ear.during([ben.hertz, phone.hertz], async () => {
    await move.click();
    await ada.ear.hears(phone.hertz, 5_000);
  });
  expect(heard.longestSilence).toBeLessThanOrEqual(1_000);
  await phone.ear.hears(ada.hertz);
  await phone.talks(ada);
  await ada.talks(phone);
  await ben.ear.expectNothingHeld();
  await ben.ear.hearsNoTone();
  await phone.end(ada);
  await expect(ada.call(ben)).toContainText("Ben hung up");
  await expect(ada.person.timeline.getByText("Voice call")).toHaveCount(1);
});

test("of two tabs of a browser one rings and has the call, and the other one can fetch it", async ({
  people,
}) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  const other = await Caller.tab(people, ben);
  await other.person.page.goto("/");
  await other.person.seesConversations();
  await ada.dial(ben);
  await ben.ear.hearsTone();
  await expect(other.button(ada, "Answer")).toBeVisible();
  expect(await other.ear.tones()).toEqual([]);
  await ben.answer(ada);
  await ada.ear.hears(ben.hertz);
  await ben.ear.hears(ada.hertz);
  expect(await other.ear.tracksEver()).toBe(0);
  expect(await other.ear.openConnections()).toBe(0);

  // The owner's tab goes away with the call: the other one has it at a press, without a ring.
  await ben.person.page.close();
  const move = other.person.page.getByRole("button", { name: "Move call here" });
  await move.click();
  await other.ear.hears(ada.hertz, 5_000);
  await ada.ear.hears(other.hertz, 5_000);
  await other.end(ada);
  await expect(ada.call(other)).toContainText("Ben hung up");
});

/** Two people in a call who hear each other. */
async function talking(people: People): Promise<{ ada: Caller; ben: Caller }> {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  await connect(ada, ben);
  return { ada, ben };
}

/** Kills the server, starts it again and waits, at most the five seconds, until somebody is back. */
async function killAndStart(server: AhoyServer, somebody: Caller): Promise<void> {
  const { page, offlineNotice } = somebody.person;
  await page.getByRole("button", { name: "Minimise call" }).click();
  await server.kill();
  await expect(offlineNotice).toBeVisible();
  await server.start();
  await expect(offlineNotice).toBeHidden({ timeout: 5_000 });
  await page.getByRole("button", { name: "Restore call" }).click();
}

function isWelcome({ payload }: { payload: string | Buffer }): boolean {
  return payload.toString().startsWith('{"type":"welcome"');
}

/** "01:05" as seconds. */
function seconds(time: string | null): number {
  const [minutes = 0, rest = 0] = (time ?? "").split(":").map(Number);
  return minutes * 60 + rest;
}
