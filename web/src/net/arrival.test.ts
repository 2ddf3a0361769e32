import { expect, test } from "vitest";

import { arrivalOf, linkOf } from "./arrival";

test("a link says what it was opened for", () => {
  for (const what of ["invite", "reset"] as const) {
    const { hash } = new URL(linkOf(what, "aB-_9", "https://a.example"));
    expect(arrivalOf(hash)).toEqual({ for: what, secret: "aB-_9" });
  }
});

test("anything else is no link of ours", () => {
  for (const hash of ["", "#", "#invite", "#invite=", "#invite=a b", "#other=a", "#invite=a&b=c"]) {
    expect(arrivalOf(hash), hash).toEqual({ for: "nothing" });
  }
  expect(arrivalOf(`#reset=${"a".repeat(129)}`)).toEqual({ for: "nothing" });
});
