/**
 * The contract on s3rver, a server for development from npm.
 *
 * @module
 */
import { storeConformance } from "../../conformance/mod.ts";
import { S3Store } from "../../drivers/s3/mod.ts";

/** Starts the server in a directory of its own, and returns its port. */
async function startServer(): Promise<{ port: number; stop(): Promise<void> }> {
  const directory = await Deno.makeTempDir();
  const args = ["run", "-A", "--lock=tests/deno.lock", "npm:s3rver@3.7.1"];
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args, "-d", directory, "-a", "127.0.0.1", "-p", "0", "--configure-bucket", "images"],
    cwd: new URL("../../", import.meta.url),
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let text = "";
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let port: number | undefined;
  while (port === undefined) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`s3rver ended: ${text}`);
    text += value;
    port = Number(/listening on 127\.0\.0\.1:(\d+)/.exec(text)?.[1]) || undefined;
  }
  // Its log must be read, or it blocks.
  const drained = (async () => {
    while (!(await reader.read()).done);
  })();
  return {
    port,
    async stop() {
      child.kill("SIGKILL");
      await Promise.all([child.status, drained]);
      await Deno.remove(directory, { recursive: true });
    },
  };
}

const server = await startServer().catch(() => undefined);
if (server === undefined) {
  Deno.test.ignore("conformance: s3 on s3rver [needs npm]", () => {});
} else {
  const store = new S3Store("s3", {
    host: `http://127.0.0.1:${server.port}`,
    bucket: "images",
    accessKey: "S3RVER",
    secretKey: "S3RVER",
    bucketUrlFormat: "path",
  });
  storeConformance("s3 on s3rver [needs npm]", () => store, {
    skip: {
      "a presigned PUT replaces no image, unless overwrite says so": "it knows no conditions",
      "ACLs deny unless granted, and are read back as they were set": "it has no ACLs",
      "a range gives exactly its bytes and their number":
        "it sends the whole object for a range at its end",
      "add says what the image is, and stat and inspect say the same":
        'it sends "bytes 0-0/0" for a range of an empty object',
      "reading creates nothing": "it does not list uploads that are open, for gc",
      "list goes through a directory page by page, in the order of names":
        "it sorts by UTF-16 units, and responds 500 for a page that is not the last",
      "what gc yields has a date, and is as old as it must be":
        "it does not list uploads that are open",
    },
    cleanup: async () => {
      await store.close();
      await server.stop();
    },
  });
}
