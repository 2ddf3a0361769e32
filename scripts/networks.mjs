// Writes the table of docs/networks.md from Playwright's report of web/e2e/nat/pairs.spec.ts.
//
// The text around it is written by hand; what stands between the two marks is replaced. A report in which a
// pair is missing or failed is refused: the page shows all or stays as it is.
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";

const PAGE = new URL("../docs/networks.md", import.meta.url);
const BEGIN = "<!-- measured: written by make networks -->";
const END = "<!-- end of what is measured -->";
const ANNOTATION = "first audio, ms";
/** Between the two kinds in the name of a pair. */
const AND = " and ";

function main(path) {
  const report = JSON.parse(readFileSync(path, "utf8"));
  const { unexpected, skipped, flaky, startTime } = report.stats;
  if (unexpected + skipped + flaky > 0) {
    throw new Error(`${unexpected} calls failed, ${skipped} were skipped: ${PAGE.pathname} is left as it is`);
  }
  const pairs = read(report.suites);
  // The stories play every kind with itself, in the order of web/e2e/harness/nat/kinds.ts.
  const kinds = [...new Set([...pairs.keys()].flatMap((name) => name.split(AND)))];
  const times = [...pairs.values()].flatMap(({ times }) => times);
  const lines = [
    BEGIN,
    "",
    `${startTime.slice(0, 10)}, ${times.length} calls, ${availableParallelism()} cores of ${cpus()[0].model.trim()}, load ${loadavg()[2].toFixed(0)} of everything that ran on it.`,
    `From pressing *Answer* until each heard the other: median ${seconds(median(times))}, longest ${seconds(Math.max(...times))}.`,
    `Direct: ${seconds(median(timesOf(pairs, "direct")))}; relayed: ${seconds(median(timesOf(pairs, "relayed")))} (medians).`,
    "",
    `| | ${kinds.join(" | ")} |`,
    `|---|${"---|".repeat(kinds.length)}`,
    ...kinds.map((one, row) => {
      const cells = kinds.map((other, column) => {
        if (column < row) return "";
        const { way, times } = pairs.get(one + AND + other) ?? missing(one, other);
        return `${way} ${seconds(median(times))}`;
      });
      return `| **${one}** | ${cells.join(" | ")} |`;
    }),
    "",
    END,
  ];
  const page = readFileSync(PAGE, "utf8");
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`${PAGE.pathname} has not the two marks`);
  writeFileSync(PAGE, before + lines.join("\n") + after);
  console.log("docs/networks.md is written");
}

/** The way and the times in milliseconds of each pair, by its name in the report. */
function read(suites) {
  const pairs = new Map();
  for (const { title, tests } of suites.flatMap(({ specs }) => specs)) {
    const [name, way] = title.split(": ");
    const pair = pairs.get(name) ?? { way, times: [] };
    for (const { annotations } of tests) {
      for (const { type, description } of annotations) {
        if (type === ANNOTATION) pair.times.push(Number(description));
      }
    }
    pairs.set(name, pair);
  }
  return pairs;
}

function timesOf(pairs, wanted) {
  return [...pairs.values()].flatMap(({ way, times }) => (way === wanted ? times : []));
}

function missing(one, other) {
  throw new Error(`the report has no call between ${one} and ${other}`);
}

function median(times) {
  if (times.length === 0) throw new Error("a pair has no time");
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

main(process.argv[2]);
