import { expect, test } from "vitest";

import { isCandidateAddress, leadsElsewhere } from "./address";

test.each([
  "192.0.2.7",
  "10.0.0.1",
  "fd00::2",
  "2001:db8::1",
  "2001:db8:1:2:3:4:5:6",
  "2001:db8::192.0.2.7",
  "a-1.local",
  "2002:c000:207::1",
])("%s can be another device", (address) => {
  expect(isCandidateAddress(address)).toBe(true);
  expect(leadsElsewhere(address)).toBe(true);
});

test.each([
  "127.0.0.1",
  "0.0.0.0",
  "0.1.2.3",
  "224.0.0.1",
  "255.255.255.255",
  "240.0.0.1",
  "169.254.169.254",
  "::",
  "::1",
  "ff02::1",
  "fe80::1",
  "febf::1",
  "::ffff:127.0.0.1",
  "::127.0.0.1",
  "64:ff9b::7f00:1",
  "2002:7f00:1::",
  "::ffff:169.254.169.254",
])("%s is an address that leads to no other device", (address) => {
  expect(isCandidateAddress(address)).toBe(true);
  expect(leadsElsewhere(address)).toBe(false);
});

test.each([
  "",
  "example.org",
  "x.local.example.org",
  ".local",
  "a b.local",
  "a\n.local",
  "a.local\n",
  "1.2.3",
  "1.2.3.4.5",
  "1.2.3.256",
  "01.2.3.4",
  "0x7f.0.0.1",
  "2130706433",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "1::2::3",
  "1:2:3:4:5:6:7::8",
  ":1::2",
  "12345::",
  "fe80::1%eth0",
  "[::1]",
  "1.2.3.4::",
  `${"a".repeat(64)}.local`,
])("%j is no address", (text) => {
  expect(isCandidateAddress(text)).toBe(false);
  expect(leadsElsewhere(text)).toBe(false);
});
