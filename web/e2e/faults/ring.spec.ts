/** Ringing: everybody who should hears it, and it ends for everybody when it must. */
import { Cable } from "../harness/cable";
import { Caller, connect } from "../harness/calls";
import { introduce } from "../harness/person";
import { expect, test } from "../harness/test";

test.describe("with devices that fall silent sooner than by default", () => {
  test.use({ settings: { calls: { ring_timeout_ms: 3_000, device_ring_timeout_ms: 4_000 } } });

  test("fault 1: devices without network fall silent by themselves", async ({ people, server }) => {
    const cable = await Cable.to(server.url);
    const ada = await Caller.join(people, "Ada", 440);
    const ben = await Caller.join(people, "Ben", 1000, { url: cable.url });
    await introduce(ada.person, ben.person);
    const phone = await Caller.device(people, ben, 1300, { url: cable.url });
    await ada.dial(ben);
    for (const device of [ben, phone]) await device.ear.hearsTone();
    cable.cut();

    for (const device of [ben, phone]) {
      await expect(device.button(ada, "Answer")).toBeHidden({ timeout: 5_000 });
      await device.ear.hearsNoTone();
      await device.ear.expectNothingHeld();
    }
    await expect(ada.call(ben)).toContainText("No answer");
    await cable.remove();
  });
});

test("fault 2: three devices ring, and an answer on one stops the others within a second", async ({
  people,
}) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  const phone = await Caller.device(people, ben, 1300);
  const tablet = await Caller.device(people, ben, 1600);
  await ada.dial(ben);
  await expect(ada.status(ben)).toContainText("Ringing on 3 devices");
  for (const device of [ben, phone, tablet]) await device.ear.hearsTone();
  await phone.answer(ada);

  for (const device of [ben, tablet]) {
    await expect(device.button(ada, "Answer")).toBeHidden({ timeout: 1_000 });
    await device.ear.hearsNoTone();
    await device.ear.expectNothingHeld();
    expect(await device.ear.tracksEver()).toBe(0);
  }
  await ada.ear.hears(phone.hertz);
  await phone.ear.hears(ada.hertz);
  await phone.end(ada);
  await expect(ada.call(ben)).toContainText("Ben hung up");
  await ada.ear.expectNothingHeld();
});

test("fault 2: a device that was away during the answer stops within five seconds of its return", async ({
  people,
  server,
}) => {
  const cable = await Cable.to(server.url);
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  const phone = await Caller.device(people, ben, 1300, { url: cable.url });
  await ada.dial(ben);
  await phone.ear.hearsTone();
  cable.cut();
  await ben.answer(ada);
  await ben.ear.hears(ada.hertz);
  await expect(phone.button(ada, "Answer")).toBeVisible();

  cable.mend();
  await expect(phone.button(ada, "Answer")).toBeHidden({ timeout: 5_000 });
  await phone.ear.hearsNoTone();
  await ada.ear.hears(ben.hertz);
  await cable.remove();
});

test("fault 3: a decline on a device that lost leaves the call alone", async ({
  people,
  server,
}) => {
  const cable = await Cable.to(server.url);
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  const phone = await Caller.device(people, ben, 1300, { url: cable.url });
  await ada.dial(ben);
  await expect(phone.button(ada, "Reject")).toBeVisible();
  // The phone does not learn of the answer, and its decline arrives after it.
  cable.cut();
  await ben.answer(ada);
  await ben.ear.hears(ada.hertz);
  await phone.button(ada, "Reject").click();

  const heard = await ada.ear.during([ben.hertz], async () => {
    cable.mend();
    await expect(phone.person.offlineNotice).toBeHidden({ timeout: 20_000 });
    await expect(phone.button(ada, "Answer")).toBeHidden();
  });
  expect(heard.longestSilence).toBeLessThan(1_000);
  await ada.talks(ben);
  await ben.talks(ada);
  await ben.ear.hears(ada.hertz);
  await ada.end(ben);
  await expect(ben.call(ada)).toContainText("Ada hung up");
  await cable.remove();
});

test("fault 4: devices that lost say where it was answered, without a sound", async ({
  people,
}) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  const phone = await Caller.device(people, ben, 1300);
  await ada.dial(ben);
  await ben.ear.hearsTone();
  const answered = Date.now();
  await phone.answer(ada);

  await expect(ben.call(ada)).toContainText(/answered on \w+ on Linux/i, { timeout: 1_000 });
  await phone.ear.hears(ada.hertz);
  await expect(ben.call(ada)).toBeHidden();
  await ben.ear.hearsNoTone();
  expect(await ben.ear.tones(answered)).toEqual([]);
});

test("a reject on one device stops the other", async ({ people }) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  const phone = await Caller.device(people, ben, 1300);
  await ada.dial(ben);
  await phone.ear.hearsTone();
  await ben.button(ada, "Reject").click();

  await expect(phone.button(ada, "Answer")).toBeHidden({ timeout: 1_000 });
  await phone.ear.hearsNoTone();
  await expect(ada.call(ben)).toContainText("declined");
});

test("fault 6: a call cancelled at any moment stops ringing within a second", async ({
  people,
}) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);

  for (const [run, delay] of [0, 10, 30, 60, 100, 200, 400, 800].entries()) {
    // In turns, because whoever is not answered three times in a row has to wait until the other one calls.
    const [caller, callee] = run % 2 === 0 ? [ada, ben] : [ben, ada];
    const call = caller.person.callButton(callee.person);
    // Pressed by a script of the page: nothing lies between the press and the cancel but the delay.
    await call.evaluate(async (button: HTMLElement, wait) => {
      button.click();
      await new Promise((resolve) => setTimeout(resolve, wait));
      const buttons = [...document.querySelectorAll("button")];
      buttons.find(({ textContent }) => textContent.trim() === "End call")?.click();
    }, delay);
    await expect(caller.button(callee, "End call"), `cancelled after ${delay} ms`).toBeHidden();
    await expect(callee.button(caller, "Answer")).toBeHidden({ timeout: 1_000 });
    await callee.ear.hearsNoTone();
    await caller.ear.expectNothingHeld();
    await callee.ear.expectNothingHeld();
    await caller.dismiss(callee);
    await expect(callee.call(caller)).toBeHidden();
  }
  await connect(ada, ben);
});

test("fault 6: an answer to a call that is over says so within a second", async ({ people }) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  // Ben's page is not told how the call ended, as if his answer had crossed the news.
  await ben.person.page.routeWebSocket(/\/api\/v1\/socket$/, (socket) => {
    socket.connectToServer().onMessage((message) => {
      const frame = JSON.parse(message.toString()) as { type: string; call?: { state: string } };
      const isEnd = frame.type === "call" && JSON.stringify(frame.call).includes('"ended"');
      if (!isEnd) socket.send(message);
    });
  });
  await introduce(ada.person, ben.person);
  await ada.dial(ben);
  await expect(ben.button(ada, "Answer")).toBeVisible();
  await ada.end(ben);
  await expect(ada.button(ben, "End call")).toBeHidden();
  await ben.answer(ada);

  await expect(ben.call(ada)).toContainText(/Call ended|Missed call/, { timeout: 1_000 });
  await ben.ear.hearsNoTone();
  await ben.ear.expectNothingHeld();
});

test("fault 7: a device that comes back after the call shows it as missed and never rings", async ({
  people,
  server,
}) => {
  const cable = await Cable.to(server.url);
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000, { url: cable.url });
  await introduce(ada.person, ben.person);
  const phone = await Caller.device(people, ben, 1300);
  await phone.person.page.goto("about:blank");
  cable.cut();
  await ada.dial(ben);
  await expect(ada.call(ben)).toContainText("not reachable", { timeout: 60_000 });
  const ended = Date.now();

  cable.mend();
  await phone.person.page.goto("/");
  await phone.person.openConversation(ada.person);
  await expect(ben.person.offlineNotice).toBeHidden({ timeout: 20_000 });
  for (const device of [ben, phone]) {
    await expect(device.person.timeline.getByText("Missed call")).toHaveCount(1);
    await expect(device.button(ada, "Answer")).toBeHidden();
    expect(await device.ear.tones(ended)).toEqual([]);
  }
  await cable.remove();
});

test("fault 16: the caller hears calling, then ringing, then how it ended", async ({ people }) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  const cleo = await Caller.join(people, "Cleo", 1300);
  await introduce(ada.person, ben.person);
  await cleo.person.register();
  await cleo.person.findAndRequest(ada.person, "Hello Ada");
  await ada.person.accept(cleo.person);
  await ada.person.openConversation(ben.person);

  await ada.dial(ben);
  await ada.ear.hearsTone();
  await expect(ada.status(ben)).toContainText("Ringing");
  await expect
    .poll(async () => (await ada.ear.tones()).map(({ sound }) => sound))
    .toEqual(["calling", "ringback"]);
  const ringing = (await ada.ear.statuses()).find(({ text }) => text.startsWith("Ringing"));
  const ringback = (await ada.ear.tones())[1];
  expect((ringback?.at ?? 0) - (ringing?.at ?? 0)).toBeLessThan(300);

  // Who is being rung is busy for others.
  await cleo.dial(ada);
  await expect(cleo.call(ada)).toContainText("another call");
  await expect.poll(async () => (await cleo.ear.tones()).at(-1)?.sound).toBe("busy");
  await cleo.ear.hearsTone();

  await ben.button(ada, "Reject").click();
  await expect(ada.call(ben)).toContainText("declined");
  await expect.poll(async () => (await ada.ear.tones()).at(-1)?.sound).toMatch(/^(end|busy)$/);
});
