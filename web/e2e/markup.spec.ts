import { Passkeys } from "./harness/authenticator";
import { Caller, connect } from "./harness/calls";
import { NAMES, PAYLOADS } from "./harness/payloads";
import { introduce, type Person } from "./harness/person";
import { expect, test } from "./harness/test";

/** So many payloads stand in one message, one a line. */
const PAYLOADS_PER_MESSAGE = 24;
/** Of names; the page that shows one is loaded for each. */
const NAMES_TRIED = 10;

/** Fits into a name, in the two ways that count most. */
const NAME = "<img src=x onerror=canary()>";
const OTHER_NAME = '"><svg/onload=canary()>';

async function listen(person: Person): Promise<() => number> {
  let runs = 0;
  await person.context.exposeBinding("canary", () => {
    runs += 1;
  });
  return () => runs;
}

test("whatever people write is shown as they wrote it", async ({ people }) => {
  const ada = await Caller.join(people, NAME, 440);
  const ben = await Caller.join(people, OTHER_NAME, 1000);
  // Usernames have neither brackets nor quotes; the names that are shown do.
  Object.assign(ada.person.account, { username: "ada" });
  Object.assign(ben.person.account, { username: "ben" });
  const runs = [await listen(ada.person), await listen(ben.person)];
  await introduce(ada.person, ben.person);
  expect(PAYLOADS.length).toBeGreaterThan(500);
  const messages = inMessages(PAYLOADS);
  for (const message of messages) {
    await ada.person.messageField.fill(message);
    await ada.person.messageField.press("Enter");
    await expect(ada.person.messageField).toHaveValue("");
  }
  for (const { person } of [ada, ben]) {
    // The first one is that of the introduction.
    const bubbles = person.timeline.locator(".bubble p");
    await expect(bubbles).toHaveCount(messages.length + 1);
    expect((await bubbles.allTextContents()).slice(1)).toEqual(messages);
    expect(await person.timeline.locator(".bubble p *").count()).toBe(0);
    expect(await person.timeline.locator("img, script, iframe, a, input, video").count()).toBe(0);
  }

  await connect(ada, ben);
  await expect(ben.call(ada)).toBeVisible();
  await ada.end(ben);
  await ada.dismiss(ben);
  await ben.person.page.reload();
  await ben.person.seesConversations();
  expect(runs.map((count) => count())).toEqual([0, 0]);
});

test("whatever people call themselves, their devices and their passkeys is shown as they wrote it", async ({
  people,
  server,
}) => {
  const ada = await people.join("Ada");
  const ben = await people.join("Ben");
  const runs = [await listen(ada), await listen(ben)];
  await introduce(ben, ada);
  const api = async (
    method: string,
    path: string,
    body: object,
    token?: string,
  ): Promise<unknown> => {
    const headers = {
      "content-type": "application/json",
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    const answer = await fetch(`${server.url}/api/v1${path}`, {
      method,
      headers,
      body: JSON.stringify(body),
    });
    expect(answer.ok, `${method} ${path} with ${JSON.stringify(body)}`).toBe(true);
    return answer.json();
  };
  const signInFrom = async (name: string): Promise<string> => {
    const { username, password } = ada.account;
    const device = { name, refresh_by: "body" };
    const signedIn = await api("POST", "/sessions", { username, password, device });
    return (signedIn as { access_token: string }).access_token;
  };

  let token = "";
  const devices = NAMES.slice(0, 4);
  for (const device of devices) token = await signInFrom(device);
  const every = Math.floor(NAMES.length / NAMES_TRIED);
  const names = [...NAMES.filter((_, i) => i % every === 0), OTHER_NAME];
  for (const name of names) {
    await api("PATCH", "/me", { display_name: name }, token);
    await ben.page.reload();
    await expect(ben.page.getByRole("heading", { name, exact: true })).toHaveText(name);
    await expect(ben.page.getByRole("log", { name: `Conversation with ${name}` })).toBeVisible();
  }
  Object.assign(ada.account, { displayName: OTHER_NAME });

  await ada.openAccount();
  for (const device of devices)
    await expect(ada.sessions.getByText(device, { exact: true })).toBeVisible();
  await ada.page.getByRole("button", { name: "Sign-in settings" }).click();
  const passkeys = await Passkeys.in(ada);
  await ada.page.getByRole("button", { name: "Add a passkey" }).click();
  await ada.page.getByRole("button", { name: "I have kept them" }).click();
  expect(await passkeys.count()).toBe(1);
  const row = ada.page.getByRole("region", { name: "Passkeys" }).getByRole("listitem");
  for (const name of NAMES.slice(0, 6)) {
    await row.getByRole("button", { name: /^Rename/ }).click();
    await row.getByLabel("Name of this passkey").fill(name);
    await row.getByRole("button", { name: "Save" }).click();
    await expect(row.getByText(name, { exact: true })).toBeVisible();
  }
  await ada.page.keyboard.press("Escape");
  await ada.page.keyboard.press("Escape");

  // Ben was here first, so he is the administrator; the link shows a stranger the name of whom it is for.
  const entry = await ben.managed(ada);
  await expect(entry.getByText(OTHER_NAME, { exact: true })).toBeVisible();
  await entry.getByRole("button", { name: `Reset the password of ${OTHER_NAME}` }).click();
  await entry.getByRole("button", { name: "Reset it" }).click();
  const link = await entry.getByLabel("Link for a new password").inputValue();
  await ada.seesEntrance();
  await ada.page.goto("about:blank");
  await ada.page.goto(link);
  await expect(ada.page.getByText(OTHER_NAME, { exact: true })).toBeVisible();
  expect(runs.map((count) => count())).toEqual([0, 0]);
});

test("markup that is put into the page by whatever means is refused", async ({ people }) => {
  const ada = await people.join("Ada");
  const runs = await listen(ada);
  await ada.register();
  const refused = await ada.page.evaluate(() => {
    const markup = "<img src=x onerror=canary()>";
    const attempts: Record<string, () => unknown> = {
      innerHTML: () => (document.body.innerHTML = markup),
      outerHTML: () => (document.createElement("p").outerHTML = markup),
      insertAdjacentHTML: () => {
        document.body.insertAdjacentHTML("beforeend", markup);
      },
      srcdoc: () => (document.createElement("iframe").srcdoc = markup),
      "document.write": () => {
        // eslint-disable-next-line @typescript-eslint/no-deprecated -- it is what is tried
        document.write(markup);
      },
      "script.text": () => (document.createElement("script").text = "canary()"),
      "script.src": () => (document.createElement("script").src = "/x.js"),
      parser: () => new DOMParser().parseFromString(markup, "text/html"),
      Worker: () => new Worker("/x.js"),
      policy: () =>
        (
          globalThis as unknown as {
            trustedTypes: { createPolicy(name: string, rules: object): unknown };
          }
        ).trustedTypes.createPolicy("mine", { createHTML: (text: string) => text }),
      "policy of the same name": () =>
        (
          globalThis as unknown as {
            trustedTypes: { createPolicy(name: string, rules: object): unknown };
          }
        ).trustedTypes.createPolicy("svelte-trusted-html", { createHTML: (text: string) => text }),
    };
    return Object.entries(attempts).map(([name, attempt]) => {
      try {
        attempt();
        return `${name} was let through`;
      } catch (error) {
        return error instanceof TypeError ? name : `${name}: ${String(error)}`;
      }
    });
  });
  expect(refused).toEqual([
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "srcdoc",
    "document.write",
    "script.text",
    "script.src",
    "parser",
    "Worker",
    "policy",
    "policy of the same name",
  ]);
  expect(runs()).toBe(0);
  // Reports come in their own time.
  await expect.poll(() => ada.watch.violations.length).toBe(refused.length);
  ada.watch.violations.length = 0;
});

test("a name that turns the writing round or hides something is refused in plain words", async ({
  people,
}) => {
  const ada = await people.join("Ada");
  await ada.page.goto("/");
  await ada.showRegistration();
  for (const [displayName, words] of [
    ["Ada\u202eneB", "cannot be seen"],
    ["A\u200bda", "cannot be seen"],
    ["\u0410da", "several alphabets"],
  ] as const) {
    await ada.fillRegistration({ ...ada.account, displayName });
    await ada.page.getByRole("button", { name: "Create account" }).click();
    await expect(ada.page.getByText(words)).toBeVisible();
  }
});

/** As many to a message as fit, as the lines of it. */
function inMessages(payloads: readonly string[]): string[] {
  const count = Math.ceil(payloads.length / PAYLOADS_PER_MESSAGE);
  return Array.from({ length: count }, (_, i) =>
    payloads.slice(i * PAYLOADS_PER_MESSAGE, (i + 1) * PAYLOADS_PER_MESSAGE).join("\n"),
  );
}
