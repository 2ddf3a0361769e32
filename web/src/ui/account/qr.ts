// A QR code as the path of an SVG: drawn as an attribute, so that no text ever becomes markup.

import { encode } from "uqr";

/** Light modules around the code: what ISO/IEC 18004 asks for. */
const QUIET_ZONE = 4;

export interface QrPath {
  /** Modules on each side, the quiet zone counted. */
  size: number;
  /** The dark modules, each a square of 1. */
  path: string;
}

export function qrPath(text: string): QrPath {
  const { data, size } = encode(text, { border: QUIET_ZONE });
  const squares = data.flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])),
  );
  return { size, path: squares.join("") };
}
