/**
 * How `vitrine serve nbd` ends, and begins again after it was killed.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { RawClient, request } from "../nbd/raw_client.ts";
import { Workplace } from "./harness.ts";

const MIB = 1024 * 1024;

/** Starts a server on a free port or by other options, and waits until it listens. */
async function serveImage(
  place: Workplace,
  ...options: string[]
): Promise<{ child: Deno.ChildProcess; url: URL; ended: () => Promise<[number, string]> }> {
  const child = place.start(["serve", "nbd", "/local/disk.img", "--json", ...options]);
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { urls: [url] } = JSON.parse((await lines.read()).value!);
  const ended = async (): Promise<[number, string]> => {
    const [{ code }, err] = await Promise.all([
      child.status,
      new Response(child.stderr).text(),
      lines.cancel(),
    ]);
    return [code, err];
  };
  return { child, url: new URL(url), ended };
}

async function withImage(): Promise<Workplace> {
  const place = await Workplace.make();
  await Deno.writeFile(place.path("local/disk.img"), new Uint8Array(32 * MIB).fill(7));
  return place;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`serve nbd: ${signal} while a client reads lets it have its reply`, async () => {
    await using place = await withImage();
    const { child, url, ended } = await serveImage(place, "--port", "0");
    using client = await RawClient.open(Number(url.port), "local/disk.img");
    await client.send(request(0, 0, 32 * MIB));
    assertEquals(await client.simpleReply(), 0);
    child.kill(signal);
    const bytes = await client.read(32 * MIB);
    assert(bytes.every((byte) => byte === 7));
    await client.closed();
    assertEquals(await ended(), [0, ""]);
  });
}

Deno.test("serve nbd: replaces the socket of a server that was killed, and removes its own", async () => {
  await using place = await withImage();
  const socket = place.path("nbd.sock");
  const first = await serveImage(place, "--socket", socket);
  first.child.kill("SIGKILL");
  await first.ended();
  assert((await Deno.lstat(socket)).isSocket, "the socket is left behind");
  const second = await serveImage(place, "--socket", socket);
  assertEquals(second.url.href, `nbd+unix:///local/disk.img?socket=${encodeURIComponent(socket)}`);
  using connection = await Deno.connect({ transport: "unix", path: socket });
  assertEquals(await connection.read(new Uint8Array(18)), 18);
  second.child.kill("SIGINT");
  assertEquals(await second.ended(), [0, ""]);
  assertEquals(await Deno.lstat(socket).catch(() => "none"), "none");
});

Deno.test("serve nbd: keeps a file that is no socket", async () => {
  await using place = await withImage();
  await Deno.writeTextFile(place.path("nbd.sock"), "mine");
  const { code } = await place.run("serve", "nbd", "--socket", place.path("nbd.sock"));
  assertEquals(code, 1);
  assertEquals(await Deno.readTextFile(place.path("nbd.sock")), "mine");
});

Deno.test("serve nbd: other machines may read with --public", async () => {
  await using place = await withImage();
  const { child, url, ended } = await serveImage(
    place,
    ...["--host", "0.0.0.0", "--public", "--port", "0"],
  );
  assertEquals(url.hostname, "0.0.0.0");
  (await RawClient.open(Number(url.port), ""))[Symbol.dispose]();
  child.kill("SIGTERM");
  assertEquals(await ended(), [0, ""]);
});
