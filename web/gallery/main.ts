// Shows any view without a server, for looking at it and for pictures. It is no part of the product:
// `npm run dev`, then `/gallery.html?open=1&call=active`.
//
// entrance · empty · offline · open=1 (first conversation), 2, … · call=NAME (see views.ts) ·
// minimised · blocked (sound held back) · obstacle=no_microphone and the like

import "../src/styles/tokens.css";
import "../src/styles/base.css";

import { mount } from "svelte";

import type { CallController, CallPorts, DeviceObstacle } from "../src/call/screen";
import { Account } from "../src/state/account.svelte";
import { App } from "../src/state/app.svelte";
import { Route } from "../src/state/route.svelte";
import AppView from "../src/ui/App.svelte";
import Home from "../src/ui/home/Home.svelte";

import { PEOPLE } from "./people";
import { pretend } from "./pretend";
import { callView } from "./views";

const wishes = new URLSearchParams(location.search);

function createController({ display }: CallPorts): CallController {
  const now = (): number => performance.now();
  const show = (name: string): void => {
    const view = callView(name, now());
    display.show(view);
    if (view.phase === "active") display.levels(0.35, 0.2);
  };
  show(wishes.get("call") ?? "");
  display.soundBlocked(wishes.has("blocked"));
  display.obstacle((wishes.get("obstacle") as DeviceObstacle | null) ?? null);
  return {
    dial: () => show("calling"),
    answer: () => show("active"),
    reject: () => show("declined"),
    end: () => show("hung-up"),
    mute: (muted) => show(muted ? "muted" : "active"),
    speaker: () => show("active"),
    dismiss: () => show(""),
    enableSound: () => display.soundBlocked(false),
    now,
    dispose: () => show(""),
  };
}

pretend({
  signedIn: !wishes.has("entrance"),
  empty: wishes.has("empty"),
  offline: wishes.has("offline"),
});
const app = new App({
  load: () =>
    Promise.resolve({
      Home,
      createAccount: (signedIn, session, ports) =>
        new Account(signedIn, session, { ...ports, createController }),
    }),
  storage: localStorage,
  locks: undefined,
  userAgent: navigator.userAgent,
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
if (wishes.has("minimised") && app.entrance.is === "signed_in") {
  app.entrance.account.call.minimised = true;
}
