/** The microphone in a call: when it is live, what is done to its sound, and what the other side is told. */
import { Caller, connect } from "../harness/calls";
import { introduce } from "../harness/person";
import { generator } from "../harness/random";
import { unplugMicrophone, type Witness } from "../harness/witness";
import { expect, type People, test } from "../harness/test";

test("fault 10: whatever is wrong with a call, an idle screen means a closed microphone", async ({
  people,
}) => {
  const { ada, ben } = await talking(people);
  // A fault from which no call recovers: the browser itself closed the connection.
  await ben.person.page.evaluate(() => {
    const { connections } = (globalThis as unknown as { witness: Witness }).witness;
    for (const track of (globalThis as unknown as { witness: Witness }).witness.tracks) {
      if (track.readyState === "live") track.stop();
    }
    connections.at(-1)?.close();
  });
  await ben.end(ada);
  await expect(ada.call(ben)).toContainText("Ben hung up");
  for (const { ear } of [ada, ben]) await ear.expectNothingHeld();
});

test.describe("with a short ring", () => {
  test.use({ settings: { calls: { ring_timeout_ms: 2_000 } } });

  test("fault 12: every way out of a call closes the microphone", async ({ people }) => {
    const ada = await Caller.join(people, "Ada", 440);
    const ben = await Caller.join(people, "Ben", 1000);
    await introduce(ada.person, ben.person);
    const ways: [string, () => Promise<void>][] = [
      ["hung up here", async () => ada.end(ben)],
      ["cancelled", async () => ada.end(ben)],
      ["rejected", async () => ben.button(ada, "Reject").click()],
      // Whoever is not answered three times in a row has to wait.
      ["hung up there", async () => ben.end(ada)],
      ["not answered", async () => expect(ada.call(ben)).toContainText("No answer")],
      ["signed out", async () => signOut(ben)],
    ];
    for (const [way, leave] of ways) {
      await test.step(way, async () => {
        if (/hung up|signed/.test(way)) await connect(ada, ben);
        else await ada.dial(ben);
        if (way !== "signed out") await expect(ben.call(ada)).toBeVisible();
        await leave();
        for (const one of [ada, ben]) await one.ear.expectNothingHeld();
        await expect(ada.button(ben, "End call")).toBeHidden();
        if (way === "signed out") return;
        await ada.dismiss(ben);
        await ben.dismiss(ada);
      });
    }
  });
});

/**
 * Chromium's pretended microphones cannot be unplugged, so the one thing made by hand is what the
 * system says of it: the track ends and its device is gone from the list.
 */
test("fault 20: the call goes on with another microphone when this one is unplugged", async ({
  people,
}) => {
  const { ada, ben } = await talking(people);
  await ben.person.page.evaluate(unplugMicrophone);
  await expect(ben.call(ada)).toContainText("Your microphone was unplugged");
  await expect.poll(() => ben.ear.liveTracks()).toBe(1);
  const before = await ada.ear.packetsReceived();
  await ada.ear.hears(ben.hertz, 2_000);
  expect(await ada.ear.packetsReceived()).toBeGreaterThanOrEqual(before);
  await expect(ben.call(ada).getByText("Your microphone was unplugged")).toHaveCount(1);
});

test("fault 21: icon, microphone and what the other side is shown agree after any presses", async ({
  people,
}) => {
  const { ada, ben } = await talking(people);
  const random = generator("mute and hold");
  for (let press = 0; press < 24; press += 1) {
    const [one, other] = random() < 0.5 ? [ada, ben] : [ben, ada];
    const names = random() < 0.6 ? ["Mute", "Unmute"] : ["Hold", "Resume"];
    await one
      .call(other)
      .getByRole("button", { name: new RegExp(`^(${names.join("|")})$`) })
      .click();
    await expectAgreement(one, other);
    await expectAgreement(other, one);
  }
});

test("fault 22: each switch of the sound reaches the running microphone", async ({ people }) => {
  const { ada, ben } = await talking(people);
  await ada.button(ben, "Sound settings").click();
  for (const [label, setting] of [
    ["Echo cancellation", "echoCancellation"],
    ["Noise suppression", "noiseSuppression"],
    ["Automatic volume", "autoGainControl"],
  ] as const) {
    const toggle = ada.person.page.getByRole("switch", { name: label });
    await expect(toggle).toBeChecked();
    for (const on of [false, true, false]) {
      await toggle.click();
      await expect.poll(() => settingOf(ada, setting), `${label}: ${on}`).toBe(on);
    }
  }
  await ben.ear.hears(ada.hertz);
});

/** What one side's icon, its tracks and the other side's screen say: the three must be one. */
async function expectAgreement(one: Caller, other: Caller): Promise<void> {
  const muted = await one.button(other, "Unmute").isVisible();
  const held = await one.button(other, "Resume").isVisible();
  const heldThere = await other.button(one, "Resume").isVisible();
  const name = one.person.displayName;
  const soon = { timeout: 2_000, intervals: [25] };
  await expect.poll(() => isEnabled(one), soon).toBe(!(muted || held || heldThere));
  const text = other.call(one);
  if (held) await expect(text).toContainText(/put the call on hold/, soon);
  else await expect(text).not.toContainText(`${name} put the call on hold`, soon);
  if (held || heldThere) return;
  if (muted) await expect(text).toContainText(`${name} is muted`, soon);
  else await expect(text).not.toContainText(`${name} is muted`, soon);
}

/** Whether the live microphone hears. */
function isEnabled({ person }: Caller): Promise<boolean> {
  return person.page.evaluate(() =>
    (globalThis as unknown as { witness: Witness }).witness.tracks
      .filter(({ readyState }) => readyState === "live")
      .some(({ enabled }) => enabled),
  );
}

function settingOf(
  { person }: Caller,
  name: "echoCancellation" | "noiseSuppression" | "autoGainControl",
): Promise<unknown> {
  return person.page.evaluate(
    (setting) =>
      (globalThis as unknown as { witness: Witness }).witness.tracks
        .filter(({ readyState }) => readyState === "live")
        .at(-1)
        ?.getSettings()[setting],
    name,
  );
}

async function signOut(somebody: Caller): Promise<void> {
  await somebody.person.page.getByRole("button", { name: "Minimise call" }).click();
  await somebody.person.signOut();
}

/** Two people in a call who hear each other. */
async function talking(people: People): Promise<{ ada: Caller; ben: Caller }> {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  await connect(ada, ben);
  return { ada, ben };
}
