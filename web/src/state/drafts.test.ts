import { expect, test } from "vitest";

import { Drafts } from "./drafts";
import { testStorage } from "./testing";

test("drafts are kept for each account and conversation, and forgotten when empty", () => {
  const storage = testStorage();
  const drafts = new Drafts("me", storage);
  drafts.set("a", "half a thou");
  drafts.set("b", "other");
  drafts.set("b", "");
  expect(new Drafts("me", storage).get("a")).toBe("half a thou");
  expect(drafts.get("b")).toBe("");
  expect(new Drafts("ben", storage).get("a")).toBe("");
  drafts.clear();
  expect(drafts.get("a")).toBe("");
});
