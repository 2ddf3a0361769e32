// What the tabs of a browser say to each other about calls, and how it is read.
//
// Another tab may run another version of this page, so a message is checked before it is used; one
// that cannot be read is passed over.

import type { Code } from "../identity/code";
import { TABLE } from "../identity/pictures";
import type { HandsetView } from "../protocol/HandsetView";
import type { PhoneInput } from "../protocol/PhoneInput";
import type { PhoneView } from "../protocol/PhoneView";

/** Presses that the tab with the calls carries out for another one. All others bring the calls to the tab. */
export type GuestPress = Extract<
  PhoneInput,
  {
    type:
      | "mute"
      | "end"
      | "hold"
      | "resume"
      | "reject"
      | "silence"
      | "dismiss"
      | "speaker"
      | "talk_anyway"
      | "compared";
  }
>;

export type TabMessage =
  /** A tab wants to know what is shown. */
  | { readonly type: "hello" }
  /** The owner shows this. `now` is its clock, by which the view tells times. */
  | { readonly type: "show"; readonly view: PhoneView; readonly now: number }
  /** Somebody pressed this in a guest. */
  | { readonly type: "press"; readonly press: GuestPress }
  /** A guest wants to have the calls. */
  | { readonly type: "ask"; readonly from: string }
  /** The owner has let go of the calls for that tab. */
  | { readonly type: "yielded"; readonly to: string };

/** What came over the channel; null unless it can be read. */
export function readTabMessage(data: unknown): TabMessage | null {
  if (!isObject(data)) return null;
  switch (data["type"]) {
    case "hello":
      return { type: "hello" };
    case "show": {
      const { view, now } = data;
      return isPhoneView(view) && typeof now === "number" ? { type: "show", view, now } : null;
    }
    case "press": {
      const press = readPress(data["press"]);
      return press && { type: "press", press };
    }
    case "ask": {
      const { from } = data;
      return typeof from === "string" ? { type: "ask", from } : null;
    }
    case "yielded": {
      const { to } = data;
      return typeof to === "string" ? { type: "yielded", to } : null;
    }
    default:
      return null;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function readPress(press: unknown): GuestPress | null {
  if (!isObject(press)) return null;
  const { type, call, muted, on, code, same } = press;
  switch (type) {
    case "end":
    case "hold":
    case "silence":
    case "dismiss":
    case "talk_anyway":
      return { type };
    case "compared":
      return isCode(code) && typeof same === "boolean" ? { type, code, same } : null;
    case "resume":
    case "reject":
      return typeof call === "string" ? { type, call } : null;
    case "mute":
      return typeof muted === "boolean" ? { type, muted } : null;
    case "speaker":
      return typeof on === "boolean" ? { type, on } : null;
    default:
      return null;
  }
}

function isPhoneView(view: unknown): view is PhoneView {
  if (!isObject(view)) return false;
  const { current, waiting, held, elsewhere } = view;
  return (
    isHandsetView(current) &&
    (waiting === null || isHandsetView(waiting)) &&
    (held === null || isHandsetView(held)) &&
    (elsewhere === null || has(elsewhere, ELSEWHERE))
  );
}

function isHandsetView(view: unknown): view is HandsetView {
  if (!isObject(view)) return false;
  const fields = Object.entries(VIEWS).find(([phase]) => phase === view["phase"])?.[1];
  return fields !== undefined && has(view, fields);
}

type Check = (value: unknown) => boolean;
type Checks = Readonly<Record<string, Check>>;

const isText: Check = (value) => typeof value === "string";
const isTextOrNull: Check = (value) => value === null || typeof value === "string";
const isTextOrMissing: Check = (value) => value === undefined || typeof value === "string";
const isNumber: Check = (value) => typeof value === "number";
const isNumberOrNull: Check = (value) => value === null || typeof value === "number";
const isBoolean: Check = (value) => typeof value === "boolean";
const isCode = (value: unknown): value is Code =>
  Array.isArray(value) &&
  value.length === 5 &&
  value.every((number) => Number.isInteger(number) && number >= 0 && number < TABLE.length);
const isOtherOrMissing: Check = (value) =>
  value === undefined ||
  (has(value, { standing: isText, silenced: isBoolean }) &&
    (value["code"] === null || isCode(value["code"])));
const isEnd: Check = (value) =>
  has(value, { why: isText }) && (value["why"] !== "call" || has(value["end"], { reason: isText }));

/** The fields of each phase. */
const VIEWS: Readonly<Record<HandsetView["phase"], Checks>> = {
  idle: {},
  outgoing: {
    conversation: isText,
    call: isTextOrNull,
    opening_microphone: isBoolean,
    devices: isNumber,
    muted: isBoolean,
  },
  incoming: {
    conversation: isText,
    call: isText,
    answering: isBoolean,
    fault: isTextOrNull,
    silenced: isBoolean,
    standing: isTextOrMissing,
  },
  active: {
    conversation: isText,
    call: isText,
    path: isText,
    route: isTextOrMissing,
    other: isOtherOrMissing,
    since: isNumberOrNull,
    muted: isBoolean,
    speaker: isBoolean,
    on_hold: isBoolean,
    peer_muted: isBoolean,
    peer_on_hold: isBoolean,
  },
  ended: {
    conversation: isText,
    call: isTextOrNull,
    outgoing: isBoolean,
    why: isEnd,
    talked: isNumberOrNull,
  },
};

const ELSEWHERE: Checks = {
  conversation: isText,
  call: isText,
  device: isTextOrNull,
  since: isNumberOrNull,
};

function has(value: unknown, checks: Checks): value is Fields {
  return isObject(value) && Object.entries(checks).every(([name, check]) => check(value[name]));
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
