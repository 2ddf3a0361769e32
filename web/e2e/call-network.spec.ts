import { Cable } from "./harness/cable";
import { Caller, connect } from "./harness/calls";
import { introduce } from "./harness/person";
import { expect, test } from "./harness/test";

test("a cut socket does not end a call: sound goes on, and what happens is right afterwards", async ({
  people,
  server,
}) => {
  const cable = await Cable.to(server.url);
  const ada = await Caller.join(people, "Ada", 440, { url: cable.url });
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  await connect(ada, ben);

  cable.cut();
  await ada.button(ben, "Minimise call").click();
  await expect(ada.person.offlineNotice).toBeVisible();
  await ada.ear.hears(ben.hertz);
  await ben.ear.hears(ada.hertz);
  await expect(ben.timer(ada)).toBeVisible();

  cable.mend();
  await expect(ada.person.offlineNotice).toBeHidden({ timeout: 30_000 });
  await ada.person.page.getByRole("button", { name: "Restore call" }).click();
  await ada.talks(ben);
  await ada.ear.hears(ben.hertz);
  await ada.end(ben);
  await expect(ben.call(ada)).toContainText("Ada hung up");
  await ben.ear.expectNothingHeld();
  await cable.remove();
});

test("a hang-up without a socket arrives when the socket is back", async ({ people, server }) => {
  const cable = await Cable.to(server.url);
  const ada = await Caller.join(people, "Ada", 440, { url: cable.url });
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  await connect(ada, ben);

  cable.cut();
  await ada.end(ben);
  await ada.ear.expectNothingHeld();
  cable.mend();
  await expect(ben.call(ada)).toContainText("Ada hung up", { timeout: 30_000 });
  await ben.ear.expectNothingHeld();
  await cable.remove();
});

test("another network restarts ICE in the same call", async ({ people }) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  await connect(ada, ben);

  for (const who of [ada, ben]) {
    const before = [await ada.ear.iceFragment(), await ben.ear.iceFragment()];
    // What a browser says when the device got another address.
    await who.person.page.evaluate(() => dispatchEvent(new Event("online")));
    await expect.poll(() => ada.ear.iceFragment()).not.toBe(before[0]);
    await expect.poll(() => ben.ear.iceFragment()).not.toBe(before[1]);
    await ada.ear.hears(ben.hertz);
    await ben.ear.hears(ada.hertz);
  }
  await ada.talks(ben);
  await ada.end(ben);
  await ben.ear.expectNothingHeld();
});

test("both sides may see another network at once", async ({ people }) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  await connect(ada, ben);

  const before = await ada.ear.iceFragment();
  await Promise.all(
    [ada, ben].map(({ person }) => person.page.evaluate(() => dispatchEvent(new Event("online")))),
  );
  await expect.poll(() => ada.ear.iceFragment()).not.toBe(before);
  await ada.ear.hears(ben.hertz, 5_000);
  await ben.ear.hears(ada.hertz, 5_000);
});

/** Runs in a page: its channels send nothing, and `taken` has what its connections were told of the other side. */
const SAYS_NOTHING_AND_KEEPS_WHAT_IT_IS_GIVEN = `
  RTCDataChannel.prototype.send = () => undefined;
  const take = RTCPeerConnection.prototype.setRemoteDescription;
  const taken = [];
  window.taken = taken;
  RTCPeerConnection.prototype.setRemoteDescription = function (description) {
    taken.push(description.sdp);
    return take.call(this, description);
  };
`;

test.describe("with little patience", () => {
  test.use({ settings: { calls: { lost_after_ms: 3_000, restart_after_ms: 500 } } });

  test("fault 11: a device that disappears in a call is missed, then the call is lost", async ({
    people,
  }) => {
    const ada = await Caller.join(people, "Ada", 440);
    const ben = await Caller.join(people, "Ben", 1000);
    await introduce(ada.person, ben.person);
    await connect(ada, ben);
    await ben.person.page.close();

    await expect(ada.status(ben)).toContainText("Reconnecting", { timeout: 15_000 });
    await expect(ada.call(ben)).toContainText("Connection lost", { timeout: 15_000 });
    await ada.ear.expectNothingHeld();
  });

  test("sound never passes to a certificate that the other device has not got", async ({
    people,
  }) => {
    const ada = await Caller.join(people, "Ada", 440);
    const ben = await Caller.join(people, "Ben", 1000);
    // What a dishonest server could do with an ICE restart: to Ben it looks as if Ada's page was loaded anew.
    await ben.person.page.routeWebSocket(/\/api\/v1\/socket$/, (socket) => {
      socket.connectToServer().onMessage((message) => {
        const text = message.toString();
        const isRestart = text.startsWith('{"type":"description"');
        socket.send(
          isRestart ? text.replace(/"fingerprint":"[0-9a-f]{4}/, '"fingerprint":"0bad') : text,
        );
      });
    });
    // The devices cannot say it to each other either.
    for (const { person } of [ada, ben]) {
      await person.page.addInitScript({ content: SAYS_NOTHING_AND_KEEPS_WHAT_IT_IS_GIVEN });
    }
    await introduce(ada.person, ben.person);
    await connect(ada, ben);

    await ada.person.page.evaluate(() => window.dispatchEvent(new Event("online")));
    await expect(ada.call(ben)).toContainText("Call ended to protect you");
    await expect(ben.call(ada)).toContainText("Call ended to protect you");
    const taken = await ben.person.page.evaluate<string[]>("taken");
    expect(taken.length).toBeGreaterThan(0);
    expect(taken.filter((sdp) => /fingerprint:\S+ 0B:AD/i.test(sdp))).toEqual([]);
    await ada.ear.expectNothingHeld();
    await ben.ear.expectNothingHeld();
  });
});
