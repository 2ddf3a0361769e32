import { expect, test } from "vitest";

import { pageTitle } from "./title";

test("the title tells what waits, the most urgent first", () => {
  const title = (change: Partial<Parameters<typeof pageTitle>[0]>): string =>
    pageTitle({ unread: 0, missed: 0, caller: null, ...change });
  expect(title({})).toBe("Ahoy");
  expect(title({ unread: 3 })).toBe("(3) Ahoy");
  expect(title({ unread: 100 })).toBe("(99+) Ahoy");
  expect(title({ unread: 3, missed: 1 })).toBe("(3) 1 missed call · Ahoy");
  expect(title({ unread: 3, missed: 2 })).toBe("(3) 2 missed calls · Ahoy");
  expect(title({ unread: 3, missed: 2, caller: "Ben" })).toBe("📞 Ben is calling");
});

test("a name from right to left leaves the words of the title where they are", () => {
  expect(pageTitle({ unread: 0, missed: 0, caller: "דנה לוי" })).toBe(
    "📞 \u2068דנה לוי\u2069 is calling",
  );
});
