import { expect, test } from "vitest";

import DOCUMENT from "../../../docs/protocol.md?raw";

import type { CallDescription } from "../protocol/CallDescription";
import { toSdp } from "./description";

test("docs/protocol.md shows the SDP that its start_call example becomes", () => {
  const request = JSON.parse(block(section("### start_call"), "json Request")) as {
    description: CallDescription;
  };
  const shown = block(section("### Into SDP"), "sdp");

  expect(toSdp(request.description).sdp.split("\r\n").join("\n")).toBe(`${shown}\n`);
});

function section(heading: string): string {
  return DOCUMENT.split(`\n${heading}\n`)[1] ?? "";
}

/** The first fenced block of that kind. */
function block(text: string, kind: string): string {
  return text.split(`\`\`\`${kind}\n`)[1]?.split("\n```")[0] ?? "";
}
