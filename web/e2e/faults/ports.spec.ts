/** *Test my connection* behind firewalls that close ports: needs root for networks of its own. */
import { line, runTest, summary } from "../harness/checkup";
import type { Namespace } from "../harness/network";
import { test as base } from "../harness/networkTest";
import type { Person } from "../harness/person";
import { expect } from "../harness/test";

const test = base.extend<{ place: Namespace; ada: Person }>({
  place: async ({ network }, use) => {
    await use(network.place("ada"));
  },
  ada: async ({ people, place, server }, use) => {
    const switches = [`--unsafely-treat-insecure-origin-as-secure=${server.url}`];
    const ada = await people.join("Ada", { network: place, switches });
    await ada.register();
    await use(ada);
  },
});

test("open ports are told so, each alone", async ({ ada }) => {
  await runTest(ada);
  for (const name of ["Own address", "Relay over UDP", "Relay over TCP"]) {
    await expect(line(ada, name)).toContainText("Fine");
  }
  await expect(line(ada, "Sound through the relay")).toContainText("A tone went through the relay");
  await expect(summary(ada)).toContainText("Calls work from here");
});

test("closed UDP is named, and calls go by TCP", async ({ ada, place }) => {
  place.dropUdp();
  await runTest(ada);
  const udp = line(ada, "Relay over UDP");
  await expect(udp).toContainText(/UDP \d+ of 10\.213\.0\.1 does not answer/);
  await expect(udp).toContainText(/Calls go by TCP \d+ instead/);
  await expect(udp).toContainText(/forward UDP \d+/);
  await expect(line(ada, "Own address")).toContainText("does not answer");
  await expect(line(ada, "Relay over TCP")).toContainText("Fine");
  await expect(line(ada, "Sound through the relay")).toContainText("A tone went through the relay");
  await expect(summary(ada)).toContainText("Calls work from here");
});

test("closed TCP is named, and calls go by UDP", async ({ ada, place, server }) => {
  place.dropTcpBut(Number(new URL(server.url).port));
  await runTest(ada);
  const tcp = line(ada, "Relay over TCP");
  await expect(tcp).toContainText(/TCP \d+ of 10\.213\.0\.1 does not answer/);
  await expect(tcp).toContainText(/others use UDP \d+/);
  await expect(line(ada, "Relay over UDP")).toContainText("Fine");
  await expect(line(ada, "Sound through the relay")).toContainText("A tone went through the relay");
});

test("with UDP and TCP closed the relay is a fault", async ({ ada, place, server }) => {
  place.dropUdp();
  place.dropTcpBut(Number(new URL(server.url).port));
  await runTest(ada);
  await expect(line(ada, "Relay over UDP")).toContainText("Broken");
  await expect(line(ada, "Relay over TCP")).toContainText("Broken");
  await expect(line(ada, "Sound through the relay")).toContainText("Not tested");
});

test.describe("an external address that is not the server's", () => {
  const relay = {
    mode: "fallback",
    ports: "40000-40099",
    external_addresses: ["10.9.9.9"],
  } as const;
  test.use({ settings: { relay } });

  test("is named, with the setting that mends it", async ({ ada }) => {
    await runTest(ada);
    for (const name of ["Relay over UDP", "Relay over TCP"]) {
      await expect(line(ada, name)).toContainText("gives out the address 10.9.9.9");
      await expect(line(ada, name)).toContainText("set relay.external_addresses");
    }
    await expect(summary(ada)).toContainText("broken");
  });
});
