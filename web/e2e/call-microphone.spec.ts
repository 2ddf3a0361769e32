import { Caller } from "./harness/calls";
import { introduce } from "./harness/person";
import { expect, test } from "./harness/test";

test("fault 19: a caller who forbids the microphone is told what to do, and nobody is rung", async ({
  people,
}) => {
  const ada = await Caller.join(people, "Ada", 440, { microphone: "denied" });
  const ben = await Caller.join(people, "Ben", 1000);
  await introduce(ada.person, ben.person);
  await ada.dial(ben);

  await expect(ada.call(ben)).toContainText("The microphone is not allowed");
  await expect(ben.call(ada)).toBeHidden();
  await ada.ear.expectNothingHeld();
  await expect(ben.person.timeline).not.toContainText("call");
});

test("fault 19: a callee who forbids the microphone goes on being rung and may try again", async ({
  people,
}) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000, { microphone: "denied" });
  await introduce(ada.person, ben.person);
  await ada.dial(ben);
  await ben.answer(ada);

  await expect(ben.call(ada)).toContainText("The microphone is not allowed");
  await expect(ada.status(ben)).toContainText("Ringing");
  await ben.person.context.grantPermissions(["microphone"]);
  await ben.answer(ada);
  await ben.ear.hears(ada.hertz);
  await ada.talks(ben);
});

test("fault 19: a microphone that another program uses is named, and works once it is free", async ({
  people,
}) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000);
  // What browsers say of a device that the system does not lend twice (mediacapture-streams, getUserMedia).
  await ada.person.page.addInitScript(() => {
    const lend = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = (constraints) =>
      "isMicrophoneFree" in globalThis
        ? lend(constraints)
        : Promise.reject(new DOMException("Device in use", "NotReadableError"));
  });
  await introduce(ada.person, ben.person);
  await ada.dial(ben);
  await expect(ada.call(ben)).toContainText("The microphone does not start");
  await expect(ben.call(ada)).toBeHidden();
  await ada.ear.expectNothingHeld();

  await ada.person.page.evaluate(() => Object.assign(globalThis, { isMicrophoneFree: true }));
  await ada.dismiss(ben);
  await ada.dial(ben);
  await ben.answer(ada);
  await ben.ear.hears(ada.hertz);
});

test("fault 19: without a microphone the phone icon says why it does nothing", async ({
  people,
}) => {
  const ada = await people.join("Ada", { microphone: "missing" });
  const ben = await people.join("Ben", { microphone: { hertz: 1000 } });
  await ada.register();
  await ben.register();
  await ada.findAndRequest(ben, "Hello");
  await ben.accept(ada);

  const icon = ada.callButton(ben);
  await expect(icon).toBeDisabled();
  await expect(icon).toHaveAccessibleDescription(/No microphone was found/);
});

test("fault 19: a callee without a microphone is told what to do", async ({ people }) => {
  const ada = await Caller.join(people, "Ada", 440);
  const ben = await Caller.join(people, "Ben", 1000, { microphone: "missing" });
  await ada.person.register();
  await ben.person.register();
  await ada.person.findAndRequest(ben.person, "Hello");
  await ben.person.openConversation(ada.person);
  await ben.person.page.getByRole("button", { name: "Accept", exact: true }).click();
  await ada.dial(ben);
  await ben.answer(ada);

  await expect(ben.call(ada)).toContainText("No microphone was found");
  await expect(ada.status(ben)).toContainText("Ringing");
  await ben.button(ada, "Reject").click();
  await expect(ada.call(ben)).toContainText("declined");
});

test("fault 19: on a page that is not secure the phone icon says what to do", async ({
  people,
  server,
}) => {
  const { port } = new URL(server.url);
  const ada = await people.join("Ada", {
    url: `http://ahoy.test:${port}`,
    switches: ["--host-resolver-rules=MAP ahoy.test localhost"],
  });
  const ben = await people.join("Ben", { microphone: { hertz: 1000 } });
  await ada.register();
  await ben.register();
  await ada.findAndRequest(ben, "Hello");
  await ben.accept(ada);

  const icon = ada.callButton(ben);
  await expect(icon).toBeDisabled();
  await expect(icon).toHaveAccessibleDescription(/need a secure page/);
});
