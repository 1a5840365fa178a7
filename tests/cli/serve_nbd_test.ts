/**
 * `vitrine serve nbd`, and what `vitrine serve` refuses.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { RawClient, request } from "../nbd/raw_client.ts";
import { Workplace } from "./harness.ts";

async function withHello(): Promise<Workplace> {
  const place = await Workplace.make();
  await Deno.writeTextFile(place.path("hello.img"), "hello");
  assertEquals((await place.run("cp", "./hello.img", "/local/iso/hello.img")).code, 0);
  return place;
}

Deno.test("serve nbd: prints the URI of each path, and serves until it is interrupted", async () => {
  await using place = await withHello();
  const paths = ["/local/iso/hello.img", "/mirror"];
  const child = place.start(["serve", "nbd", ...paths, "--port", "0", "--json"]);
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { urls } = JSON.parse((await lines.read()).value!);
  const port = Number(new URL(urls[0]).port);
  assertEquals(urls, [
    `nbd://127.0.0.1:${port}/local/iso/hello.img`,
    `nbd://127.0.0.1:${port}/mirror/`,
  ]);
  using client = await RawClient.open(port, "local/iso/hello.img");
  await client.send(request(0, 1, 3));
  assertEquals(await client.simpleReply(), 0);
  assertEquals(new TextDecoder().decode(await client.read(3)), "ell");
  child.kill("SIGINT");
  assertEquals((await child.status).code, 0);
  await lines.cancel();
  await child.stderr.cancel();
});

Deno.test("serve nbd: logs a client that breaks the protocol in one line, and goes on", async () => {
  await using place = await withHello();
  const child = place.start(["serve", "nbd", "/local/iso/hello.img", "--port", "0"]);
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const port = Number(/:(\d+)\/local/.exec((await lines.read()).value!)![1]);
  {
    using client = await RawClient.connect(port);
    await client.send(new Uint8Array(16));
    await client.closed();
  }
  (await RawClient.open(port, ""))[Symbol.dispose]();
  child.kill("SIGINT");
  assertEquals((await child.status).code, 0);
  await lines.cancel();
  const log = await new Response(child.stderr).text();
  assertStringIncludes(log, "127.0.0.1 -: not an option\n");
  assertEquals(log.trim().split("\n").length, 1);
});

Deno.test("serve: refuses what a protocol does not have", async () => {
  await using place = await withHello();
  const refused: [args: string[], err: string][] = [
    [["nbd", "--allow-host", "x"], "serve nbd has no option --allow-host"],
    [["nbd", "--writable"], "serve nbd has no option --writable"],
    [["--socket", "x"], "serve http has no option --socket"],
    [["http", "/local"], "serve http takes no paths"],
    [["gopher"], "serve takes http or nbd, not gopher"],
    [["nbd", "--host", "0.0.0.0"], "add --public"],
    [["nbd", "--socket", "x", "--port", "1"], "--socket stands in place of"],
    [["nbd", "./x"], "./x: not a path of the tree"],
    [["nbd", "--max-connections", "0"], "--max-connections is a number from 1"],
  ];
  for (const [args, text] of refused) {
    const { code, err } = await place.run("serve", ...args);
    assertEquals(code, 2, err);
    assertStringIncludes(err, text);
  }
  const { code, err } = await place.run("serve", "nbd", "/local/missing");
  assertEquals(code, 1);
  assertStringIncludes(err, "/local/missing");
});

Deno.test("serve nbd: names the port or the socket that is in use", async () => {
  await using place = await withHello();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  const byPort = await place.run("serve", "nbd", "--port", `${port}`);
  assertEquals([byPort.code, byPort.err], [
    1,
    `vitrine: port ${port} is in use already: --port takes another\n`,
  ]);
  using _socket = Deno.listen({ transport: "unix", path: place.path("s") });
  const bySocket = await place.run("serve", "nbd", "--socket", place.path("s"));
  assertEquals([bySocket.code, bySocket.err], [
    1,
    `vitrine: ${place.path("s")} is in use already: --socket takes another\n`,
  ]);
});
