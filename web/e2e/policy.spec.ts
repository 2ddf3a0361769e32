import { Caller, connect } from "./harness/calls";
import { introduce } from "./harness/person";
import { expect, test } from "./harness/test";

test("a whole session talks to its own server alone and breaks no policy", async ({
  people,
  server,
}) => {
  const caller = await Caller.join(people, "Ada", 440);
  const callee = await Caller.join(people, "Ben", 1000);
  const [ada, ben] = [caller.person, callee.person];
  const page = await ada.page.goto("/");
  const policy = page?.headers()["content-security-policy"] ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).toContain("require-trusted-types-for 'script'");
  expect(policy).not.toContain("unsafe");

  await introduce(ada, ben);
  await ada.sendMessage(
    "https://elsewhere.example/picture.png <img src=https://elsewhere.example/x>",
  );
  await ben.sees("https://elsewhere.example/picture.png <img src=https://elsewhere.example/x>");
  await connect(caller, callee);
  await caller.end(callee);
  await caller.dismiss(callee);
  await ada.openAccount();
  await ada.page.goto("/");
  await ada.signOut();

  for (const { watch } of people.joined) {
    watch.expectClean();
    expect(watch.console, "errors and warnings in the console").toEqual([]);
    expect(watch.hosts, "where everything went").toEqual([new URL(server.url).host]);
  }
});
