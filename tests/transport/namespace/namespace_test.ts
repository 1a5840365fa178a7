/**
 * Stores in a network namespace in which nothing but a proxy is reachable: a request that goes another way
 * fails.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { pattern } from "../../../conformance/data.ts";
import { TestBucket } from "../../s3/bucket.ts";
import { serviceTest } from "../../services/mod.ts";
import { asUser, container, emptied, swift } from "../../swift/servers.ts";
import { openBridge } from "./bridge.ts";
import type { Log, Task } from "./child.ts";

/** Runs a task in a namespace of its own, whose loopback device is up. */
async function inNamespace(task: Task): Promise<Log> {
  const child = new URL("child.ts", import.meta.url).pathname;
  const script = 'ip link set lo up && exec "$0" run --quiet --no-check -A "$@"';
  const { success, stdout, stderr } = await new Deno.Command("unshare", {
    args: ["--net", "sh", "-c", script, Deno.execPath(), child, JSON.stringify(task)],
    // Deno looks for a new version of itself once a day, by the proxy of the environment.
    env: { NO_COLOR: "1", NO_PROXY: "", DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert(success, text(stderr));
  return JSON.parse(text(stdout)) as Log;
}

for (const from of ["environment", "option"] as const) {
  serviceTest(
    `http, s3, swift: with a proxy of the ${from}, every operation and request goes through it`,
    ["nginx", "ceph", "swift", "keystone", "tools"],
    async ({ nginx, ceph, keystone }) => {
      const image = { path: `proxied-${crypto.randomUUID()}.img`, size: 300_000 };
      const file = `${nginx["root"]}/${image.path}`;
      await Deno.writeFile(file, pattern(image.size), { mode: 0o644 });
      const folder = await Deno.makeTempDir();
      const bridge = `${folder}/bridge`;
      using _bridge = openBridge(bridge);
      await using bucket = new TestBucket(ceph["s3"]);
      const large = { largeObjectSize: 5, largeObjectChunkSize: 5, createContainerOnPut: true };
      const tempauth = { ...swift!, ...large, container: container() };
      const alice = { ...asUser(keystone, keystone["alice"]), ...large, container: container() };
      try {
        const stores = {
          http: { driver: "http", baseUrl: nginx["url"]! },
          https: {
            driver: "http",
            baseUrl: nginx["tlsUrl"]!,
            caCertificatesFile: nginx["caFile"]!,
          },
          s3: {
            ...{ driver: "s3", ...bucket.options },
            ...{ largeObjectSize: 5, largeObjectChunkSize: 5 },
          },
          swift: { driver: "swift", ...tempauth },
          keystone: { driver: "swift", ...alice },
        };
        const log = await inNamespace({ bridge, from, stores, image });
        for (const [name, lines] of Object.entries(log)) {
          const isTunnel = name === "https";
          assert(lines.length >= (isTunnel ? 1 : 5), `${name}: ${lines.join("\n")}`);
          const forms = new Set(lines.map((line) =>
            line.replace(/^CONNECT \S+:\d+$/, "tunnel")
              .replace(/^[A-Z]+ http:\/\/\S+$/, "absolute")
          ));
          assertEquals([...forms], [isTunnel ? "tunnel" : "absolute"], name);
        }
        const methods = (name: string) =>
          [...new Set(log[name]!.map((line) => line.split(" ")[0]!))].sort();
        assertEquals(methods("s3"), ["DELETE", "GET", "HEAD", "POST", "PUT"]);
        for (const name of ["swift", "keystone"]) {
          for (const method of ["DELETE", "GET", "HEAD", "PUT"]) {
            assert(methods(name).includes(method), `${name}: ${methods(name)}`);
          }
        }
      } finally {
        await Deno.remove(file);
        await Deno.remove(folder, { recursive: true });
        await emptied(tempauth);
        await emptied(alice);
      }
    },
  );
}

serviceTest("namespace: has no way but the bridge", ["nginx", "tools"], async ({ nginx }) => {
  const script = 'ip link set lo up && exec curl --noproxy "*" -sS "$0"';
  const { code, stderr } = await new Deno.Command("unshare", {
    args: ["--net", "sh", "-c", script, nginx["url"]!],
  }).output();
  assertEquals(code, 7, new TextDecoder().decode(stderr));
});
