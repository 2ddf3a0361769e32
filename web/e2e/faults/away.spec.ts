/** What is done beside a call does not touch it. */
import { Caller, connect } from "../harness/calls";
import { accountOf, introduce } from "../harness/person";
import { expect, test } from "../harness/test";

/** Other conversations that are opened during the call. */
const OTHERS = 20;

test("fault 24: other chats, settings and search leave the sound alone", async ({
  people,
  server,
}) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  const others = Array.from({ length: OTHERS }, (_, i) => accountOf(`Other ${i + 1}`));
  for (const { username, displayName, password } of others) {
    const response = await fetch(`${server.url}/api/v1/accounts`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        username,
        display_name: displayName,
        password,
        device: { name: "A script" },
      }),
    });
    expect(response.status, await response.text()).toBe(201);
  }
  await connect(ada, ben);
  const { page } = ada.person;
  await ada.button(ben, "Minimise call").click();
  const bar = page.getByRole("region", { name: "Call with Ben" });

  const heardByBen = ben.ear.during([ada.hertz], async () => {
    const heardByAda = await ada.ear.during([ben.hertz], async () => {
      for (const { username, displayName } of others) {
        await page.getByLabel("Find people").fill(username);
        const found = page.getByRole("list", { name: "People found" });
        await found.getByRole("button", { name: displayName }).first().click();
        await expect(page.getByRole("heading", { name: displayName })).toBeVisible();
        await expect(bar).toBeVisible();
      }
      await ada.person.openAccount();
      await page.keyboard.press("Escape");
      await ada.person.openConversation(ben.person);
    });
    expect(heardByAda.longestSilence).toBeLessThan(1_000);
  });
  expect((await heardByBen).longestSilence).toBeLessThan(1_000);
  await expect(bar).toBeVisible();
  await ada.ear.hears(ben.hertz);
});

/**
 * Chromium lets a page that uses the microphone play whatever it likes, so the refusal is made by
 * hand: `play()` fails as browsers fail it, until somebody presses something.
 */
test("fault 15: a voice that the browser holds back is let through by a tap", async ({
  people,
}) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  await ada.person.page.evaluate(() => {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called on its element below
    const { play } = HTMLMediaElement.prototype;
    let refused = true;
    HTMLMediaElement.prototype.play = function () {
      if (!refused) return play.call(this);
      this.pause();
      return Promise.reject(new DOMException("no gesture", "NotAllowedError"));
    };
    addEventListener("pointerdown", ({ target }) => {
      const isTap = target instanceof Element && target.textContent.includes("Tap to hear");
      if (isTap) refused = false;
    });
  });
  await ada.dial(ben);
  await ben.answer(ada);
  const tap = ada.button(ben, "Tap to hear");
  await expect(tap).toBeVisible({ timeout: 5_000 });
  await tap.click();
  await expect(tap).toBeHidden();
  await ada.ear.hears(ben.hertz);
  await ben.ear.hears(ada.hertz);
});
