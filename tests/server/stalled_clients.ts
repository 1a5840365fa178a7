/**
 * Clients that hold connections and do nothing with them, and one that is healthy.
 *
 * @module
 */

/** What each stalled client sends, by turns; then it neither sends nor reads. */
function requestsOf(image: string, token: string): string[] {
  const host = "Host: localhost\r\n";
  return [
    "",
    `GET ${image} HTTP/1.1\r\n${host}X-Slow: `,
    `PUT ${image}-new HTTP/1.1\r\n${host}Authorization: Bearer ${token}\r\n` +
    `Content-Length: 1000000\r\n\r\nthe beginning`,
    `GET ${image} HTTP/1.1\r\n${host}\r\n`,
  ];
}

/** Connections that stall. Disposing of them closes them. */
export class StalledClients implements Disposable {
  readonly #connections: Deno.TcpConn[] = [];

  private constructor() {}

  /** Opens `count` connections to the server at `url`; `image` is the path of a large image. */
  static async open(
    url: URL,
    count: number,
    image: string,
    token: string,
  ): Promise<StalledClients> {
    const clients = new StalledClients();
    const requests = requestsOf(image, token);
    const encoder = new TextEncoder();
    for (let i = 0; i < count; i++) {
      const connection = await Deno.connect({ hostname: url.hostname, port: Number(url.port) });
      clients.#connections.push(connection);
      try {
        await connection.write(encoder.encode(requests[i % requests.length]));
      } catch {
        // The server has closed it already.
      }
    }
    return clients;
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection.close();
  }
}

/** Asks for a path on a connection of its own. Resolves to the response and its time in milliseconds. */
export async function askOnce(url: URL, path: string): Promise<{ text: string; time: number }> {
  const started = performance.now();
  const connection = await Deno.connect({ hostname: url.hostname, port: Number(url.port) });
  const request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
  await connection.write(new TextEncoder().encode(request));
  const text = await new Response(connection.readable).text();
  return { text, time: performance.now() - started };
}

/** Memory that a process has resident, in bytes. */
export function residentMemory(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)![1]);
}
