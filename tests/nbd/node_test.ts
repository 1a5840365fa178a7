/**
 * The server in Node.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { bundle } from "../runtimes/bundle.ts";
import { nodeProgram } from "../runtimes/runtimes/node.ts";
import { serviceTest } from "../services/mod.ts";
import { RawClient, request } from "./raw_client.ts";
import { randomBytes, runProgram } from "./served_images.ts";

const MIB = 1024 * 1024;
const SIZE = 9 * MIB + 1;

serviceTest("serveNbd: serves in Node, by TCP and by a Unix socket", "nbd-clients", async (
  { "nbd-clients": { nbdinfo, nbdcopy, "qemu-img": qemuImg } },
) => {
  const folder = await Deno.makeTempDir();
  const bytes = randomBytes(SIZE);
  const image = join(folder, "disk.img");
  await Deno.writeFile(image, bytes);
  const directory = await bundle(new URL("node_server.ts", import.meta.url));
  const { path: node } = await nodeProgram();
  const module = join(directory, "node_server.js");
  const child = new Deno.Command(node, {
    args: [
      "--input-type=module",
      "-e",
      `import "${module}"`,
      folder,
      join(folder, "s"),
      "disk.img",
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const uris: string[] = JSON.parse((await lines.read()).value!);
  assertEquals(uris.map((uri) => new URL(uri).protocol), ["nbd:", "nbd+unix:"]);
  for (const uri of uris) {
    assertEquals((await runProgram(folder, nbdinfo, "--size", uri)).out, `${SIZE}\n`);
    const copied = await runProgram(folder, nbdcopy, "--connections=4", uri, "copy");
    assertEquals([copied.code, copied.err], [0, ""]);
    assertEquals(await Deno.readFile(join(folder, "copy")), bytes);
    const args = ["compare", "-f", "raw", "-F", "raw", uri, image];
    assertEquals((await runProgram(folder, qemuImg, ...args)).out, "Images are identical.\n");
  }
  const port = Number(new URL(uris[0]!).port);
  {
    using client = await RawClient.connect(port);
    await client.send(new Uint8Array(16));
    await client.closed();
  }
  using client = await RawClient.open(port, "files/disk.img");
  await client.send(request(0, 0, SIZE));
  assertEquals(await client.simpleReply(), 0);
  child.kill("SIGTERM");
  assertEquals(await client.read(SIZE), bytes, "a reply that was begun is sent to its end");
  await client.closed();
  const { code } = await child.status;
  assertEquals([code, await new Response(child.stderr).text()], [0, "not an option\n"]);
  await lines.cancel();
  await Deno.remove(directory, { recursive: true });
  await Deno.remove(folder, { recursive: true });
});
