import { expect, test } from "vitest";

import type { Conversation } from "../protocol/Conversation";
import type { RelayMode } from "../protocol/RelayMode";
import type { Settings } from "../protocol/Settings";
import type { Welcome } from "../protocol/Welcome";
import { KnownPathRules } from "./pathRules";

test("an address is hidden by the host, from everybody, or from one", () => {
  const rules = new KnownPathRules(welcome("fallback", false, ["ben"]));
  expect(hidden(rules)).toEqual(["ben"]);
  rules.frame({ type: "settings", settings: settings(true) });
  expect(hidden(rules)).toEqual(["ada", "ben"]);
  rules.frame({ type: "settings", settings: settings(false) });
  rules.frame({ type: "conversation", conversation: conversation("ada", true) });
  rules.frame({ type: "conversation", conversation: conversation("ben", false) });
  expect(hidden(rules)).toEqual(["ada"]);
  rules.snapshot(welcome("off", false, []));
  expect(hidden(rules)).toEqual([]);
  rules.snapshot(welcome("always", false, []));
  expect(hidden(rules)).toEqual(["ada", "ben"]);
  rules.snapshot(welcome("off", true, []));
  expect(hidden(rules), "a host without a relay does not take the wish back").toEqual([
    "ada",
    "ben",
  ]);
});

function hidden(rules: KnownPathRules): string[] {
  return ["ada", "ben"].filter((name) => rules.hidesFrom(name));
}

function welcome(relay: RelayMode, all: boolean, from: readonly string[]): Welcome {
  return {
    ice: { stun_port: null, relay },
    settings: settings(all),
    conversations: from.map((id) => conversation(id, true)),
  } as unknown as Welcome;
}

const settings = (hide_address: boolean) => ({ hide_address }) as Settings;

const conversation = (id: string, hides_address: boolean) =>
  ({ id, hides_address }) as Conversation;
