// HTTP with JSON bodies and `application/problem+json` errors. It knows no endpoint; `api.ts` does.

import type { ErrorCode } from "../protocol/ErrorCode";
import type { Problem } from "../protocol/Problem";

/** The server answered with an error. */
export class RequestFailed extends Error {
  override readonly name = "RequestFailed";
  readonly code: ErrorCode;
  readonly status: number;
  /** The field of the request that is wrong, where one is. */
  readonly field: string | null;
  /** Milliseconds after which to try again, where the server named them. */
  readonly retryAfter: number | null;

  constructor(problem: Problem) {
    super(problem.title);
    this.code = problem.code;
    this.status = problem.status;
    this.field = problem.field ?? null;
    this.retryAfter = problem.retry_after ?? null;
  }
}

/** No answer came: no network, no server, or something between that cut the line. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";

  constructor() {
    super("The server cannot be reached. Check your connection and try again.");
  }
}

export interface HttpRequest {
  body?: unknown;
  /** An access token. */
  token?: string;
  signal?: AbortSignal;
}

/**
 * Sends a request and returns the body of its answer, `undefined` where there is none.
 *
 * @throws {RequestFailed} where the server answered with an error.
 * @throws {Unreachable} where no answer came.
 * @throws {DOMException} named `AbortError` where `signal` stopped it.
 */
export async function send(
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  { body, token, signal }: HttpRequest = {},
): Promise<unknown> {
  const headers = new Headers({ accept: "application/json" });
  if (body !== undefined) headers.set("content-type", "application/json");
  if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    });
    text = await response.text();
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new Unreachable();
  }
  const answer = parse(text);
  if (response.ok) return answer;
  throw new RequestFailed(isProblem(answer) ? answer : unexplained(response.status));
}

function parse(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isProblem(answer: unknown): answer is Problem {
  return typeof answer === "object" && answer !== null && "code" in answer && "title" in answer;
}

/** What is thrown for an error that did not come from Ahoy, such as a proxy's. */
function unexplained(status: number): Problem {
  return {
    status,
    code: status === 401 ? "unauthenticated" : status >= 500 ? "unavailable" : "internal",
    title: `The server answered with an error that it did not explain (HTTP ${status}). Try again in a moment.`,
  };
}
