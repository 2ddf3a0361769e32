// Fails when what a browser must load before the first paint has grown past the budget: the JavaScript that
// index.html starts or preloads, and its style sheets, each compressed with gzip as the server would send it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const BUDGET_BYTES = 60 * 1024;

const dist = join(import.meta.dirname, "..", "web", "dist");
const page = readFileSync(join(dist, "index.html"), "utf8");
const files = [
  ...page.matchAll(/<script\b[^>]*\bsrc="([^"]+)"/g),
  ...page.matchAll(/<link\b[^>]*\brel="(?:modulepreload|stylesheet)"[^>]*\bhref="([^"]+)"/g),
  ...page.matchAll(/<link\b[^>]*\bhref="([^"]+)"[^>]*\brel="(?:modulepreload|stylesheet)"/g),
].map(([, path]) => path);

if (!files.some((path) => path.endsWith(".js"))) {
  console.error("index.html starts no script: this check looks for the wrong thing");
  process.exit(1);
}

let total = 0;
for (const path of new Set(files)) {
  const size = gzipSync(readFileSync(join(dist, path)), { level: 9 }).length;
  total += size;
  console.log(`${kib(size).padStart(9)}  ${path}`);
}
console.log(`${kib(total).padStart(9)}  before first paint, of ${kib(BUDGET_BYTES)} allowed (gzip)`);
if (total > BUDGET_BYTES) {
  console.error("too much: load what the first view does not need later, or leave it out");
  process.exit(1);
}

function kib(bytes) {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
