import { expect, test } from "vitest";

import type { Settings } from "../protocol/Settings";

import { AccountSettings } from "./settings.svelte";

const DEFAULT: Settings = {
  call_waiting: true,
  do_not_disturb: null,
  quiet_hours: null,
  second_call_passes: false,
  hide_address: false,
};

test("nothing is changed before the settings are known", () => {
  const { settings, sent } = begin();
  settings.change({ call_waiting: false });
  expect(settings.current).toBeNull();
  expect(sent).toEqual([]);
});

test("a change is shown at once and sent as a whole", async () => {
  const { settings, sent, answer } = begin();
  settings.told(DEFAULT);
  settings.change({ do_not_disturb: { until: null } });
  expect(settings.current?.do_not_disturb).toEqual({ until: null });
  expect(sent).toEqual([{ ...DEFAULT, do_not_disturb: { until: null } }]);
  await answer();
  expect(settings.current?.do_not_disturb).toEqual({ until: null });
  expect(sent).toHaveLength(1);
});

test("changes that follow each other quickly go out one at a time, the last one whole", async () => {
  const { settings, sent, answer } = begin();
  settings.told(DEFAULT);
  settings.change({ call_waiting: false });
  settings.change({ second_call_passes: true });
  settings.change({ do_not_disturb: { until: 5 } });
  expect(sent).toHaveLength(1);
  await answer();
  expect(sent).toHaveLength(2);
  const last = { ...DEFAULT, call_waiting: false, second_call_passes: true };
  expect(sent[1]).toEqual({ ...last, do_not_disturb: { until: 5 } });
  await answer();
  expect(settings.current).toEqual(sent[1]);
});

test("what another device changed is shown, but not over a change on its way", async () => {
  const { settings, answer } = begin();
  settings.told(DEFAULT);
  settings.told({ ...DEFAULT, second_call_passes: true });
  expect(settings.current?.second_call_passes).toBe(true);
  settings.change({ call_waiting: false });
  settings.told({ ...DEFAULT, second_call_passes: true });
  expect(settings.current?.call_waiting).toBe(false);
  await answer();
  expect(settings.current).toEqual({ ...DEFAULT, call_waiting: false, second_call_passes: true });
});

test("a change that could not be stored is taken back, and the reason is told", async () => {
  const { settings, refuse, answer } = begin();
  settings.told(DEFAULT);
  settings.change({ call_waiting: false });
  await refuse("The server cannot be reached.");
  expect(settings.current).toEqual(DEFAULT);
  expect(settings.problem).toBe("The server cannot be reached.");
  settings.change({ call_waiting: false });
  expect(settings.problem).toBeNull();
  await answer();
  expect(settings.current?.call_waiting).toBe(false);
});

interface Waiting {
  resolve: (stored: Settings) => void;
  reject: (error: Error) => void;
}

function begin(): {
  settings: AccountSettings;
  sent: Settings[];
  answer: () => Promise<void>;
  refuse: (why: string) => Promise<void>;
} {
  const sent: Settings[] = [];
  const waiting: Waiting[] = [];
  const settings = new AccountSettings((wanted) => {
    sent.push(wanted);
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  });
  const settle = async (how: (first: Waiting) => void): Promise<void> => {
    const first = waiting.shift();
    if (first === undefined) throw new Error("nothing was sent");
    how(first);
    // Lets everything run that waited for the answer.
    await new Promise((resolve) => setTimeout(resolve));
  };
  return {
    settings,
    sent,
    answer: () => settle(({ resolve }) => resolve(structuredClone(sent.at(-1) ?? DEFAULT))),
    refuse: (why) => settle(({ reject }) => reject(new Error(why))),
  };
}
