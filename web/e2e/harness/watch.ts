/**
 * Sees what a page does behind the screen: requests to other origins, broken policy, errors.
 *
 * Every story ends with {@link Watch.expectClean}; errors in the console count only for stories that cause none.
 */
import { type BrowserContext, expect, type Page } from "@playwright/test";

export class Watch {
  /** Requests and sockets to anywhere but the server. */
  readonly foreign: string[] = [];
  /** What the content security policy stopped. */
  readonly violations: string[] = [];
  /** Exceptions that nobody caught. */
  readonly exceptions: string[] = [];
  /** Errors and warnings in the console. */
  readonly console: string[] = [];
  readonly #hosts = new Set<string>();
  readonly #origin: string;

  constructor(origin: string) {
    this.#origin = origin;
  }

  /** Every host that was asked for anything. */
  get hosts(): string[] {
    return [...this.#hosts];
  }

  async attach(context: BrowserContext): Promise<void> {
    await context.exposeBinding("reportViolation", (_, violation: string) => {
      this.violations.push(violation);
    });
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        const report = `${event.violatedDirective}: ${event.blockedURI}`;
        (globalThis as unknown as { reportViolation(violation: string): void }).reportViolation(
          report,
        );
      });
    });
    context.on("request", (request) => this.#request(request.url()));
    context.on("page", (page) => this.#attachPage(page));
    for (const page of context.pages()) this.#attachPage(page);
  }

  #attachPage(page: Page): void {
    page.on("websocket", (socket) => this.#request(socket.url().replace(/^ws/, "http")));
    page.on("pageerror", (error) => this.exceptions.push(error.stack ?? error.message));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") {
        this.console.push(`${message.text()} (${message.location().url})`);
      }
    });
  }

  #request(url: string): void {
    const { protocol, origin, host } = new URL(url);
    this.#hosts.add(host);
    if (origin !== this.#origin && protocol !== "blob:") {
      this.foreign.push(url);
    }
  }

  expectClean(): void {
    expect(this.foreign, "requests to other origins").toEqual([]);
    expect(this.violations, "violations of the content security policy").toEqual([]);
    expect(this.exceptions, "uncaught exceptions").toEqual([]);
  }
}
