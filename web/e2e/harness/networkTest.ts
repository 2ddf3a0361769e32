/** `test` for stories in a small network of their own, with the server in its middle: needs root. */
import { Network, networkObstacle } from "./network";
import { AhoyServer } from "./server";
import { test as base } from "./test";

const obstacle = networkObstacle();

export const test = base.extend<{ network: Network }>({
  // eslint-disable-next-line no-empty-pattern -- Playwright wants the braces
  network: async ({}, use, info) => {
    // Namespaces want root. Without it the run counts these stories as skipped and says why.
    info.skip(obstacle !== null, `NOT CHECKED: ${obstacle ?? ""}`);
    const network = new Network();
    await use(network);
    network.remove();
  },
  server: async ({ network, settings }, use) => {
    const { host, middle } = network;
    const server = await AhoyServer.start(settings, { host, within: middle.within });
    await use(server);
    await server.remove();
  },
});
