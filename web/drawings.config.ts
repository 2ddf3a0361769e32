// `virtual:drawings`: how each picture of a code is drawn, out of Twemoji's SVG files, by the picture's number.
//
// Emoji of the system's font look different on another device, and are boxes where no font has them. What is kept of a file
// is numbers and colours alone: the page makes the elements itself, so nothing of the package is markup in it. A file with
// anything else in it fails the build.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import type { Plugin } from "vite";

import { type Shape, TABLE } from "./src/identity/pictures.ts";

const MODULE = "virtual:drawings";
/** What Vite asks for once a module's name is resolved; other plugins leave names with this first character alone. */
const RESOLVED = `\0${MODULE}`;
/** What a shape is filled with where neither it nor its group says (SVG 2, §13.4). */
const INITIAL_FILL = "#000";
/** Twemoji's files are named without the sign that asks for a coloured emoji. */
const VARIATION_SELECTOR = 0xfe0f;

const files = createRequire(import.meta.url);

export function drawings(): Plugin {
  return {
    name: "drawings",
    resolveId: (id) => (id === MODULE ? RESOLVED : undefined),
    load: (id) => (id === RESOLVED ? `export default ${JSON.stringify(all())}` : undefined),
  };
}

function all(): Shape[][] {
  return TABLE.map(([emoji]) => {
    const name = Array.from(emoji)
      .map((character) => character.codePointAt(0) ?? 0)
      .filter((code) => code !== VARIATION_SELECTOR)
      .map((code) => code.toString(16))
      .join("-");
    const file = files.resolve(`@twemoji/svg/${name}.svg`);
    try {
      return shapesOf(readFileSync(file, "utf8"));
    } catch (error) {
      throw new Error(`${file} cannot be drawn: ${String(error)}`, { cause: error });
    }
  });
}

/** The shapes of a file in the order in which they are painted. */
function shapesOf(svg: string): Shape[] {
  const shapes: Shape[] = [];
  let groupFill: string | undefined;
  let rest = svg.trim();
  while (rest !== "") {
    const tag = /^<(\/?)([a-z]+)((?: [a-zA-Z]+="[^"]*")*) ?\/?>/.exec(rest);
    if (tag === null) throw new Error(`what begins with ${rest.slice(0, 40)} is no element`);
    const [whole, closes = "", name = "", list = ""] = tag;
    rest = rest.slice(whole.length).trimStart();
    const attributes = new Map(
      [...list.matchAll(/ ([a-zA-Z]+)="([^"]*)"/g)].map(([, key = "", value = ""]) => [key, value]),
    );
    const fill = attributes.get("fill") ?? groupFill ?? INITIAL_FILL;
    if (name === "svg") only(attributes, ["xmlns", "viewBox"]);
    else if (name === "g") {
      only(attributes, ["fill"]);
      groupFill = closes === "" ? attributes.get("fill") : undefined;
    } else shapes.push(shapeOf(name, attributes, fill));
  }
  return shapes;
}

function shapeOf(name: string, attributes: ReadonlyMap<string, string>, fill: string): Shape {
  if (!/^#[0-9A-Fa-f]{3,6}$/.test(fill)) throw new Error(`${fill} is no colour`);
  const number = (key: string): number => {
    const value = Number(attributes.get(key) ?? Number.NaN);
    if (!Number.isFinite(value)) throw new Error(`${name} has no ${key}`);
    return value;
  };
  switch (name) {
    case "path": {
      only(attributes, ["fill", "d"]);
      const d = attributes.get("d") ?? "";
      if (!/^[Mm][-0-9.,\sA-Za-z]+$/.test(d)) throw new Error("a path has no course");
      return { fill, d };
    }
    case "circle": {
      only(attributes, ["fill", "cx", "cy", "r"]);
      const r = number("r");
      return { fill, cx: number("cx"), cy: number("cy"), rx: r, ry: r };
    }
    case "ellipse":
      only(attributes, ["fill", "cx", "cy", "rx", "ry"]);
      return { fill, cx: number("cx"), cy: number("cy"), rx: number("rx"), ry: number("ry") };
    default:
      throw new Error(`<${name}> is not understood`);
  }
}

function only(attributes: ReadonlyMap<string, string>, known: readonly string[]): void {
  const other = [...attributes.keys()].find((key) => !known.includes(key));
  if (other !== undefined) throw new Error(`the attribute ${other} is not understood`);
}
