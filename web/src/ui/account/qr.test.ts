import { expect, test } from "vitest";

import { qrPath } from "./qr";

test("a QR code has its three finders in a quiet zone", () => {
  const { size, path } = qrPath("otpauth://totp/ahoy.example:ada?secret=GEZDGNBVGY3TQOJQ");
  const dark = new Set(path.match(/M\d+ \d+/g));
  const isDark = (x: number, y: number): boolean => dark.has(`M${x} ${y}`);
  const inner = size - 8;
  expect((inner - 17) % 4).toBe(0);
  for (const [left, top] of [
    [4, 4],
    [size - 11, 4],
    [4, size - 11],
  ] as const) {
    for (let i = 0; i < 7; i += 1) {
      expect(isDark(left + i, top)).toBe(true);
      expect(isDark(left, top + i)).toBe(true);
    }
    expect(isDark(left + 1, top + 1)).toBe(false);
    expect(isDark(left + 3, top + 3)).toBe(true);
  }
  for (let i = 0; i < size; i += 1) {
    expect(isDark(i, 0) || isDark(0, i) || isDark(i, 3) || isDark(3, i)).toBe(false);
  }
});

test("a path holds numbers and drawing commands alone", () => {
  expect(qrPath(`"><script>alert(1)</script>`).path).toMatch(/^[Mhvz0-9 -]+$/);
});
