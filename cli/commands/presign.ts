/**
 * `vitrine presign`: a URL with which somebody without credentials reads or writes one image.
 *
 * @module
 */
import { type Command, parseDuration, UsageError } from "../command.ts";
import { parseTreePath } from "../place.ts";

/** `vitrine presign`. */
export const presign: Command = {
  operands: "PATH",
  count: [1, 1],
  description: "Whoever has the URL can use it until it expires: it is a secret.",
  options: [
    { name: "expires", value: "TIME", help: "how long the URL works: 36h, 2d. Default: 1h" },
    {
      name: "method",
      value: "METHOD",
      help: "GET to read, PUT to write. Default: GET",
      candidates: ["GET", "PUT"],
    },
    { name: "overwrite", help: "let a PUT replace an image that is there" },
  ],
  candidates: "tree",
  examples: ["vitrine presign /cloud/disk.qcow2 --expires 36h"],
  async run(session, args) {
    const { out, json } = session;
    const path = parseTreePath(args.operands[0]!);
    const method = args.value("method") ?? "GET";
    if (method !== "GET" && method !== "PUT") throw new UsageError("--method is GET or PUT");
    const expiresIn = parseDuration("expires", args.value("expires") ?? "1h");
    if (expiresIn === 0) throw new UsageError("--expires is a time from 1s on");
    const overwrite = args.has("overwrite");
    if (overwrite && method === "GET") throw new UsageError("--overwrite is for --method PUT");
    const { store, imageId } = (await session.vfs()).imageAt(path);
    const url = await store.presign(imageId, { method, expiresIn, overwrite, ...session.options });
    if (json) await out.json({ url, method, expiresIn: expiresIn / 1000 });
    else await out.line(`${url}`);
  },
};
