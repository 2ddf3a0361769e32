import { expect, test } from "vitest";

import { isolated } from "./isolated";

test("names that run with the words beside them stay as they are", () => {
  for (const name of ["Ada", "Zoë 李", "Ben Ōe", "费菲", "Δήμητρα", "👩‍🚀", "5 o’clock", ""]) {
    expect(isolated(name)).toBe(name);
  }
});

test("names from right to left are held apart", () => {
  for (const name of ["דנה לוי", "ليلى", "Ada ליבי", "نیلوفر می‌خواند", "ߒߞߏ", "𞤀𞤁"]) {
    expect(isolated(name)).toBe(`\u2068${name}\u2069`);
  }
});

test("what steers or hides is left out, and cannot end the isolate", () => {
  expect(isolated("Ada\u202eneB")).toBe("\u2068AdaneB\u2069");
  expect(isolated("Ada\u2069\u2069 hung up")).toBe("\u2068Ada hung up\u2069");
  expect(isolated("A\u200bd\u2060a\ufeff")).toBe("\u2068Ada\u2069");
  for (const [open, close] of ["\u202a\u202c", "\u202b\u202c", "\u202d\u202c", "\u2067\u2069"]) {
    expect(isolated(`${open ?? ""}Ada${close ?? ""}`)).toBe("\u2068Ada\u2069");
  }
});
