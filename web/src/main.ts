import "./styles/tokens.css";
import "./styles/base.css";

import { mount } from "svelte";

import { arrivalOf } from "./net/arrival";
import { App } from "./state/app.svelte";
import { Route } from "./state/route.svelte";
import AppView from "./ui/App.svelte";

const target = document.getElementById("app");
if (target === null) throw new Error("index.html has no element with the id app");

const app = new App({
  load: () => import("./signed-in"),
  storage: localStorage,
  // Missing on pages that are neither HTTPS nor localhost, whatever the type says.
  locks: (navigator as Partial<Navigator>).locks,
  userAgent: navigator.userAgent,
  arrival: arrivalOf(location.hash),
  forgetArrival: () => {
    if (location.hash !== "") history.replaceState(history.state, "", location.pathname);
  },
});
// A link of an invite or a reset that is opened where the page is open already.
addEventListener("hashchange", () => {
  if (arrivalOf(location.hash).for !== "nothing") location.reload();
});
const route = new Route({ location, history, target: window });
mount(AppView, { target, props: { app, route } });
void app.start();
