/**
 * The networks of the laboratory do to packets what their names say: proven by probes, without a
 * browser. Where something must not arrive, a packet that must is sent after it on the same way.
 */
import { Internet, type AccessNetwork, SERVER_ADDRESSES } from "../harness/nat/internet";
import { everyPair, NAT_KINDS, TRAITS, wayBetween } from "../harness/nat/kinds";
import { laboratoryObstacle } from "../harness/nat/laboratory";
import { type Endpoint, Prober, type ProbeSocket } from "../harness/nat/prober";
import { expect, test as base } from "@playwright/test";

interface Bench {
  internet: Internet;
  /** At the server's place. */
  far: Prober;
  /** Plugs a device into a network and starts a prober there. */
  near(network: AccessNetwork): Prober;
}

const test = base.extend<{ bench: Bench }>({
  // eslint-disable-next-line no-empty-pattern -- Playwright wants the braces
  bench: async ({}, use) => {
    const internet = new Internet();
    const probers = [new Prober(internet.server)];
    await use({
      internet,
      far: probers[0] as Prober,
      near: (network) => {
        const device = internet.device(`device${probers.length}`);
        device.moveTo(network);
        const prober = new Prober(device);
        probers.push(prober);
        return prober;
      },
    });
    for (const prober of probers) await prober.end();
    internet.remove();
    expect(probers.flatMap(({ errors }) => errors)).toEqual([]);
  },
});

const obstacle = laboratoryObstacle();

test("of 36 pairs of networks 19 have a direct path, and every other one says what is in the way", () => {
  const pairs = everyPair();
  expect(pairs).toHaveLength(36);
  const direct = pairs.filter(([one, other]) => wayBetween(one, other).way === "direct");
  expect(direct).toHaveLength(19);
  for (const [one, other] of pairs) expect(wayBetween(other, one)).toEqual(wayBetween(one, other));
  expect(wayBetween("address-restricted", "symmetric").way).toBe("direct");
  expect(wayBetween("port-restricted", "symmetric").way).toBe("relayed");
  expect(wayBetween("ipv6-only", "ipv6-only").way).toBe("direct");
  expect(wayBetween("ipv6-only", "none").way).toBe("relayed");
  expect(wayBetween("udp-blocked", "none").way).toBe("relayed");
});

test.describe("in network namespaces", () => {
  test.skip(obstacle !== null, `NOT CHECKED: ${obstacle ?? ""}`);

  for (const kind of NAT_KINDS.filter((kind) => kind !== "udp-blocked")) {
    const { family, mapping, filtering } = TRAITS[kind];
    const main = family === 4 ? SERVER_ADDRESSES.v4 : SERVER_ADDRESSES.v6;
    const other = family === 4 ? SERVER_ADDRESSES.other : SERVER_ADDRESSES.otherV6;

    test(`${kind}: mapping is ${mapping}`, async ({ bench }) => {
      const network = bench.internet.network(kind);
      const socket = await bench.near(network).open(network.lease.address);
      const seen: string[] = [];
      for (const host of [main, main, other]) {
        const { host: from, port } = await arrives(socket, await bench.far.open(host));
        seen.push(`${from} ${port}`);
      }
      const isOwn = seen[0] === `${network.lease.address} ${socket.port}`;
      expect(isOwn, seen.join(", ")).toBe(mapping === "untranslated");
      expect(new Set(seen).size, seen.join(", ")).toBe(mapping === "endpoint-dependent" ? 3 : 1);
    });

    test(`${kind}: filtering is ${filtering}`, async ({ bench }) => {
      const network = bench.internet.network(kind);
      const near = bench.near(network);
      const [opened, unopened] = [
        await near.open(network.lease.address),
        await near.open(network.lease.address),
      ];
      const [friend, neighbour, stranger] = [
        await bench.far.open(main),
        await bench.far.open(main),
        await bench.far.open(other),
      ];
      const outside = await arrives(opened, friend);
      stranger.send(outside, "from another address");
      neighbour.send(outside, "from another port");
      stranger.send({ ...outside, port: elsewhere(outside, opened, unopened) }, "unasked");
      friend.send(outside, "asked");
      await opened.hearsFrom("asked");
      // Of two sockets neither is read first.
      if (filtering === "open") await unopened.hearsFrom("unasked");

      const lets = {
        open: ["from another address", "from another port", "asked"],
        "endpoint-independent": ["from another address", "from another port", "asked"],
        address: ["from another port", "asked"],
        "address-and-port": ["asked"],
      };
      expect(opened.texts).toEqual(lets[filtering]);
      expect(unopened.texts).toEqual(filtering === "open" ? ["unasked"] : []);
    });
  }

  test("udp-blocked: no UDP leaves, TCP does", async ({ bench }) => {
    const network = bench.internet.network("udp-blocked");
    const near = bench.near(network);
    const [socket, friend] = [
      await near.open(network.lease.address),
      await bench.far.open(SERVER_ADDRESSES.v4),
    ];
    const port = await bench.far.serve(SERVER_ADDRESSES.v4);
    socket.send(friend, "hello");
    expect(await near.dial({ host: SERVER_ADDRESSES.v4, port })).toBeNull();
    expect(friend.texts).toEqual([]);
  });

  test("every network but ipv6-only reaches the server by IPv4 alone, and that by IPv6 alone", async ({
    bench,
  }) => {
    const { v4, v6 } = SERVER_ADDRESSES;
    const ports = { [v4]: await bench.far.serve(v4), [v6]: await bench.far.serve(v6) };
    for (const kind of NAT_KINDS) {
      const near = bench.near(bench.internet.network(kind));
      const [reached, missing] = TRAITS[kind].family === 4 ? [v4, v6] : [v6, v4];
      const answers = [];
      for (const host of [reached, missing]) {
        answers.push(await near.dial({ host, port: ports[host] ?? 0 }));
      }
      expect(answers, kind).toEqual([null, "ENETUNREACH"]);
    }
  });

  for (const kind of ["port-restricted", "symmetric", "double"] as const) {
    test(`${kind}: a router that restarts has forgotten what it knew`, async ({ bench }) => {
      const network = bench.internet.network(kind);
      const socket = await bench.near(network).open(network.lease.address);
      const [friend, witness] = [
        await bench.far.open(SERVER_ADDRESSES.v4),
        await bench.far.open(SERVER_ADDRESSES.v4),
      ];
      const before = await arrives(socket, friend);
      network.reboot();
      friend.send(before, "to where it was");
      const after = await arrives(socket, witness);
      witness.send(after, "to where it is");
      await socket.hearsFrom("to where it is");
      expect(socket.texts).toEqual(["to where it is"]);
      expect(after).not.toEqual(before);
    });
  }

  test("a device that moves leaves its old address behind, and a VPN takes what it sends", async ({
    bench,
  }) => {
    const [home, mobile, vpn] = [
      bench.internet.network("full-cone"),
      bench.internet.network("symmetric"),
      bench.internet.network("none"),
    ];
    const device = bench.internet.device("wanderer");
    const senders: Endpoint[] = [];
    for (const step of [
      () => device.moveTo(home),
      () => device.moveTo(mobile),
      () => device.preferVpn(vpn),
      () => device.leaveVpn(),
    ]) {
      step();
      const prober = new Prober(device);
      const { host } = await arrives(
        await prober.open("0.0.0.0"),
        await bench.far.open(SERVER_ADDRESSES.v4),
      );
      senders.push({ host, port: 0 });
      await prober.end();
    }
    const [first, second, third, fourth] = senders.map(({ host }) => host);
    expect(third).toBe(vpn.lease.address);
    expect(fourth).toBe(second);
    expect(new Set([first, second, third]).size).toBe(3);
  });
});

/** Sends something to `far` and says what address it comes from there. */
async function arrives(near: ProbeSocket, far: ProbeSocket): Promise<Endpoint> {
  near.send(far, "hello");
  return far.hearsFrom("hello");
}

/** The outer port of `unopened`, if ports are mapped for it as they are for `opened`. */
function elsewhere(outside: Endpoint, opened: ProbeSocket, unopened: ProbeSocket): number {
  return unopened.port ^ (outside.port ^ opened.port);
}
