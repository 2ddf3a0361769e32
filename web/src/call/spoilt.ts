// What tests of readers are made with: values in which something is wrong, as somebody hostile or a bug would have it.

/** What stands where something else is expected. */
const STRANGE: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  0.5,
  2 ** 53,
  1e308,
  "",
  "\u0000",
  "\ud800",
  "\u202eevil",
  "\r\na=candidate:1 1 udp 1 10.0.0.1 9 typ host",
  "0".repeat(63),
  "AB".repeat(32),
  "zz".repeat(64),
  "x".repeat(20_000),
  [],
  [[[[]]]],
  Array<null>(300).fill(null),
  {},
  { length: -1 },
  { toString: 1, valueOf: null, constructor: {}, then: 1 },
  JSON.parse('{"__proto__":{"type":"hang_up"}}'),
];

/** A copy of a JSON value in which one to three places hold something else, are gone, or are there twice. */
export function spoilt(value: unknown, random: () => number): unknown {
  const copy: unknown = structuredClone(value);
  const root = { value: copy };
  for (let left = 1 + below(3, random); left > 0; left -= 1) spoilOne(root, random);
  return JSON.parse(JSON.stringify(root.value)) as unknown;
}

function spoilOne(root: object, random: () => number): void {
  const places = placesIn(root);
  const { holder, name } = places[below(places.length, random)] ?? { holder: root, name: "value" };
  const strange = STRANGE[below(STRANGE.length, random)];
  const way = below(4, random);
  if (way === 0 && holder !== root) Reflect.deleteProperty(holder, name);
  else if (way === 1 && Array.isArray(holder)) holder.push(structuredClone(holder[0]));
  else if (way === 2) Reflect.set(holder, name, [Reflect.get(holder, name)]);
  else Reflect.set(holder, name, structuredClone(strange));
}

function placesIn(holder: object): { holder: object; name: string }[] {
  return Object.entries(holder).flatMap(([name, value]: [string, unknown]) => {
    const inside = typeof value === "object" && value !== null ? placesIn(value) : [];
    return [{ holder, name }, ...inside];
  });
}

function below(limit: number, random: () => number): number {
  return Math.floor(random() * limit);
}
