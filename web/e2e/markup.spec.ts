import { Caller, connect } from "./harness/calls";
import { introduce, type Person } from "./harness/person";
import { expect, test } from "./harness/test";

/** What people have hidden in text to get it run, in every style: OWASP's filter evasion list, shortened to one of each kind. */
const PAYLOADS = [
  "<script>canary()</script>",
  "<img src=x onerror=canary()>",
  "<svg/onload=canary()>",
  "<svg><animate onbegin=canary() attributeName=x dur=1s>",
  "<math><mtext></form><form><mglyph><style></math><img src onerror=canary()>",
  '"><script>canary()</script>',
  "'-canary()-'",
  "</title><script>canary()</script>",
  "</textarea><img src=x onerror=canary()>",
  "<!--><script>canary()</script>-->",
  "<iframe srcdoc='<script>parent.canary()</script>'>",
  "<a href=javascript:canary()>click</a>",
  "javascript:canary()",
  "data:text/html,<script>canary()</script>",
  "<template><script>canary()</script></template>",
  "<style>@import 'javascript:canary()';</style>",
  "<body onpageshow=canary()>",
  "<details open ontoggle=canary()>",
  "<input autofocus onfocus=canary()>",
  "<video><source onerror=canary()>",
  "{@html '<img src=x onerror=canary()>'}",
  "{{constructor.constructor('canary()')()}}",
  "${canary()}",
  "&lt;script&gt;canary()&lt;/script&gt;",
  "\\u003cscript\\u003ecanary()\\u003c/script\\u003e",
  "<scr\u0131pt>canary()</scr\u0131pt>",
  "<img src=x:x onerror\n=canary()>",
];

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
  for (const payload of PAYLOADS) {
    await ada.person.messageField.fill(payload);
    await ada.person.messageField.press("Enter");
    await expect(ada.person.messageField).toHaveValue("");
  }
  // The last one is there, and so all of them are.
  for (const { person } of [ada, ben]) {
    await expect(person.timeline.getByText(PAYLOADS[1] ?? "", { exact: true })).toBeVisible();
    const texts = await person.timeline.locator(".bubble p").allTextContents();
    for (const payload of PAYLOADS) expect(texts).toContain(payload);
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
