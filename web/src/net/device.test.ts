import { expect, test } from "vitest";

import { testStorage } from "../state/testing";

import { deviceName, rememberDevice, wasSignedIn } from "./device";

test("a device is named after its browser and system", () => {
  expect(deviceName("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")).toBe(
    "Firefox on Linux",
  );
  expect(
    deviceName(
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
    ),
  ).toBe("Edge on Windows");
  expect(
    deviceName(
      "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    ),
  ).toBe("Safari on iPhone");
});

test("Chrome without a window is Chrome", () => {
  const headless =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36";
  expect(deviceName(headless)).toBe("Chrome on Linux");
});

test("an unknown browser still has a name", () => {
  expect(deviceName("")).toBe("Browser");
});

test("a browser knows whether anybody ever signed in from it", () => {
  const storage = testStorage();
  storage.setItem("something.else", "1");
  expect(wasSignedIn(storage)).toBe(false);
  rememberDevice(storage, "ada", "01890a5d-ac96-774b-bcce-b302099a8057");
  expect(wasSignedIn(storage)).toBe(true);
});
