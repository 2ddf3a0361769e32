// Shows any view without a server, for looking at it and for pictures. It is no part of the product:
// `npm run dev`, then `/gallery.html?open=1&call=active`.
//
// entrance (registration=MODE; with #invite=x or #reset=x) · used (the link) · first (account of the server) · ways=NAME,NAME (second factors) ·
// confirm (is asked for) · administrator · empty · offline · open=1 (first conversation), 2, … · call=NAME (see views.ts) ·
// minimised · guest (another tab has the call) · unplugged=NAME (of the microphone that is used now) ·
// relay=MODE (off, fallback, always) · hidden (one's address, from everybody) ·
// blocked (sound held back) · obstacle=no_microphone and the like · disturb (not to be) · quiet (hours) ·
// factors (besides the password) · codes=N (recovery codes left, after one was used) ·
// connection=NAME (what *Test my connection* finds, see probes.ts)

import "../src/styles/tokens.css";
import "../src/styles/base.css";

import { mount } from "svelte";

import type { CallController, CallPorts, DeviceObstacle } from "../src/call/screen";
import { arrivalOf } from "../src/net/arrival";
import type { Registration } from "../src/protocol/Registration";
import type { RelayMode } from "../src/protocol/RelayMode";
import type { SecondFactorWay } from "../src/protocol/SecondFactorWay";
import { Account } from "../src/state/account.svelte";
import { App } from "../src/state/app.svelte";
import { Route } from "../src/state/route.svelte";
import AppView from "../src/ui/App.svelte";
import Home from "../src/ui/home/Home.svelte";

import { PEOPLE } from "./people";
import { ALL_WAYS, pretend } from "./pretend";
import { pretendProbes } from "./probes";
import { phoneView } from "./views";

const wishes = new URLSearchParams(location.search);

function createController({ display }: CallPorts): CallController {
  const now = (): number => performance.now();
  let here = !wishes.has("guest");
  const show = (name: string): void => {
    const view = phoneView(name, now());
    display.show(view, here);
    if (view.current.phase === "active") display.levels(0.35, 0.2);
  };
  show(wishes.get("call") ?? "");
  const changedTo = wishes.get("unplugged");
  if (changedTo !== null) display.microphoneChanged({ changedTo });
  display.soundBlocked(wishes.has("blocked"));
  if (wishes.has("strange")) {
    const own = { name: "Firefox on Linux", session: "" };
    display.devices("ab".repeat(32), [{ key: "cd".repeat(32), endorsements: [], own }]);
  }
  display.obstacle((wishes.get("obstacle") as DeviceObstacle | null) ?? null);
  return {
    dial: () => show("calling"),
    answer: () => show("active"),
    endAndAnswer: () => show("active"),
    holdAndAnswer: () => show("held"),
    reject: () => show("declined"),
    silence: () => show("silenced"),
    end: () => show("hung-up"),
    hold: () => show("on-hold"),
    resume: () => show("active"),
    take: () => show("active"),
    bringHere: () => {
      here = true;
      show("active");
    },
    talkAnyway: () => show("active"),
    compared: (_code, same) => show(same ? "verified" : "forged"),
    endorse: () => Promise.resolve(),
    mute: (muted) => show(muted ? "muted" : "active"),
    speaker: () => show("active"),
    dismiss: () => show(""),
    enableSound: () => display.soundBlocked(false),
    treatSound: (treatment) => display.soundTreatment(treatment),
    now,
    dispose: () => show(""),
  };
}

pretend({
  registration: (wishes.get("registration") as Registration | null) ?? "open",
  administrator: wishes.has("administrator"),
  signedIn: !wishes.has("entrance"),
  empty: wishes.has("empty"),
  offline: wishes.has("offline"),
  disturb: wishes.has("disturb"),
  quiet: wishes.has("quiet"),
  relay: (wishes.get("relay") as RelayMode | null) ?? "fallback",
  hidden: wishes.has("hidden"),
  factors: wishes.has("factors"),
  confirm: wishes.has("confirm"),
  ways: (wishes.get("ways")?.split(",") as SecondFactorWay[] | undefined) ?? ALL_WAYS,
  used: wishes.has("used"),
  first: wishes.has("first"),
});
const app = new App({
  load: () =>
    Promise.resolve({
      Home,
      createAccount: (signedIn, session, ports) =>
        new Account(signedIn, session, {
          ...ports,
          createController,
          createProbes: () => pretendProbes(wishes.get("connection")),
        }),
    }),
  storage: localStorage,
  locks: undefined,
  userAgent: navigator.userAgent,
  arrival: arrivalOf(location.hash),
  forgetArrival: () => undefined,
});
const open = PEOPLE[Number(wishes.get("open") ?? 0) - 1];
const route = new Route({
  location: { pathname: open === undefined ? "/" : `/c/${open.id}` },
  history: { pushState: () => null, replaceState: () => null, back: () => null, state: null },
  target: window,
});
const target = document.getElementById("app");
if (target === null) throw new Error("gallery.html has no element with the id app");
mount(AppView, { target, props: { app, route } });
await app.start();
const codesLeft = wishes.get("codes");
if (codesLeft !== null && app.entrance.is === "signed_in") {
  app.entrance.account.recoveryCodesLeft = Number(codesLeft);
}
if (wishes.has("minimised") && app.entrance.is === "signed_in") {
  app.entrance.account.call.minimised = true;
}
