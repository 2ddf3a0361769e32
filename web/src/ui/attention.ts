// Whether the person looks at this page.

import { createSubscriber } from "svelte/reactivity";

const watch = createSubscriber((changed) => {
  const stop = new AbortController();
  const { signal } = stop;
  addEventListener("focus", changed, { signal });
  addEventListener("blur", changed, { signal });
  document.addEventListener("visibilitychange", changed, { signal });
  return () => stop.abort();
});

/** Whether the page is in front and has the keyboard; what is derived from it follows. */
export function isLookedAt(): boolean {
  watch();
  return document.visibilityState === "visible" && document.hasFocus();
}
