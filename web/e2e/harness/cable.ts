/** A cable between browsers and the server that a story can cut: TCP only, so the sound of calls does not pass it. */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

export class Cable {
  /** What a browser opens in place of the server. */
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #isCut = false;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.url = `http://localhost:${port}`;
  }

  static async to(serverUrl: string): Promise<Cable> {
    const { port } = new URL(serverUrl);
    const server = createServer((near) => cable.#join(near, Number(port)));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") {
      throw new Error("a listening TCP socket has no port");
    }
    const cable = new Cable(server, address.port);
    return cable;
  }

  /** Breaks every connection and lets none through until {@link mend}. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  /**
   * Makes a black hole of every connection: nothing passes any more and nobody is told, as when a
   * router forgets a connection. New connections work.
   */
  swallow(): void {
    for (const [near, far] of this.#pairs) {
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        from.unpipe(to);
        // Goes on being read: a full buffer would tell the sender that something is wrong.
        from.resume();
      }
    }
  }

  mend(): void {
    this.#isCut = false;
  }

  async remove(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }

  #join(near: Socket, port: number): void {
    if (this.#isCut) {
      near.destroy();
      return;
    }
    const far = connect(port, "127.0.0.1");
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      // The other end is told by the close that follows.
      socket.on("error", () => undefined);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        this.#pairs.delete(pair);
        other.destroy();
      });
      socket.pipe(other);
    }
  }
}
