/**
 * A relay in front of a real server, which a test stops: its connections break, and nobody listens any more.
 *
 * @module
 */

/** A relay of TCP connections. */
export class Relay {
  readonly #listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  readonly #connections = new Set<Deno.TcpConn>();

  /** Listens, and passes connections on to the server of a URL. */
  constructor(readonly target: URL) {
    void this.#accept();
  }

  /** The URL to give to a client in place of the server's. */
  get url(): string {
    return `http://127.0.0.1:${this.#listener.addr.port}`;
  }

  async #accept(): Promise<void> {
    const { hostname, port } = this.target;
    try {
      for await (const client of this.#listener) {
        const server = await Deno.connect({ hostname, port: Number(port) });
        this.#connections.add(client).add(server);
        const pipes = [[client, server], [server, client]] as const;
        for (const [from, to] of pipes) from.readable.pipeTo(to.writable).catch(() => {});
      }
    } catch {
      // It was stopped.
    }
  }

  /** Breaks all connections and takes no more. */
  stop(): void {
    this.#listener.close();
    for (const connection of this.#connections) {
      try {
        connection.close();
      } catch {
        // It was closed by the client or the server.
      }
    }
  }
}
