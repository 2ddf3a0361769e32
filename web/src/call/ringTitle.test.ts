import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { RingTitle } from "./ringTitle";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("fault 14: the title flashes while a call rings in a hidden page", () => {
  const { page, titles } = hiddenPage();
  const title = new RingTitle(page);
  title.show("Ada calls");
  vi.advanceTimersByTime(3_000);
  expect(titles).toEqual(["Ada calls", "Ahoy", "Ada calls", "Ahoy"]);
  title.show("Ada calls");
  vi.advanceTimersByTime(1_000);
  title.clear();
  expect(page.title).toBe("Ahoy");
  expect(vi.getTimerCount()).toBe(0);
});

test("the title stands still while the page is looked at", () => {
  const { page } = hiddenPage();
  const title = new RingTitle(page);
  title.show("Ada calls");
  page.look(true);
  expect(page.title).toBe("Ahoy");
  vi.advanceTimersByTime(5_000);
  expect(page.title).toBe("Ahoy");
  page.look(false);
  expect(page.title).toBe("Ada calls");
  title.clear();
  page.look(true);
  page.look(false);
  expect(page.title).toBe("Ahoy");
});

test("a title that the page gives itself meanwhile stays", () => {
  const { page } = hiddenPage();
  const title = new RingTitle(page);
  title.show("Ada calls");
  page.title = "(1) Ahoy";
  vi.advanceTimersByTime(1_000);
  expect(page.title).toBe("Ada calls");
  title.clear();
  expect(page.title).toBe("(1) Ahoy");
});

class FakePage extends EventTarget {
  hidden = true;
  titles: string[] = [];
  #title = "Ahoy";

  get title(): string {
    return this.#title;
  }

  set title(title: string) {
    this.#title = title;
    this.titles.push(title);
  }

  look(seen: boolean): void {
    this.hidden = !seen;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

function hiddenPage(): { page: FakePage; titles: string[] } {
  const page = new FakePage();
  return { page, titles: page.titles };
}
