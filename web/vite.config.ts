import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

import { drawings } from "./drawings.config.ts";

/** Where `npm run dev` finds the server. */
const SERVER = process.env["AHOY_DEV_SERVER"] ?? "http://localhost:8080";

export default defineConfig(({ mode }) => ({
  // Tests run in Node, where runes would be compiled for a server and not react.
  plugins: [
    drawings(),
    svelte(
      mode === "test" ? { dynamicCompileOptions: () => ({ generate: "client" as const }) } : {},
    ),
  ],
  // Vitest would otherwise take Svelte's build for the server, where runes do not react.
  ...(mode === "test" && { ssr: { resolve: { conditions: ["browser"] } } }),
  build: {
    target: ["chrome120", "firefox120", "safari17"],
    // The policy that the page is served with allows neither data: nor inline code.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: {
    proxy: {
      "/api": { target: SERVER, ws: true },
      "/.well-known": SERVER,
    },
  },
  test: {
    include: ["src/**/*.test.ts"],
    environment: "node",
    server: { deps: { inline: [/svelte/] } },
    restoreMocks: true,
    unstubGlobals: true,
  },
}));
