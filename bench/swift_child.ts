/**
 * Vitrine's Swift driver, and a client that does nothing else, each measured in a process of its own
 * for bench/swift.ts.
 *
 * Usage: `swift_child.ts WORK SOURCE IMAGE OPTIONS`, where OPTIONS is JSON of the store's options, and
 * WORK is:
 *
 * - `add`, `add-unsized`, `add-threads` (without FFI): Vitrine, md5 and sha512 included
 * - `get-byob`, `get-default`: Vitrine
 * - `bare-add`: segments of zeros, neither read nor digested
 * - `digested-add`: the same while md5 and sha512 of as many zeros are computed
 * - `checked-add`: the same, and the md5 of each segment, with which its ETag is compared
 *
 * @module
 */
import { type SwiftOptions, SwiftStore } from "@vitrine/vitrine/swift";
import { loginV1 } from "../drivers/swift/auth_v1.ts";
import { SwiftClient } from "../drivers/swift/client.ts";
import { MB } from "../drivers/swift/options.ts";
import { fixedSession } from "../drivers/swift/session.ts";
import { Transport } from "../transport/mod.ts";
import { CHUNK_SIZE } from "../streams/bytes.ts";
import { createDigests } from "../streams/digest/mod.ts";
import { drain, drainInto } from "./data.ts";
import { measure, withoutFfi } from "./harness.ts";

const [work, source, image, json] = Deno.args as [string, string, string, string];
const options: SwiftOptions = JSON.parse(json);
const { size } = await Deno.stat(source);

async function vitrine(): Promise<void> {
  if (work === "add-threads") withoutFfi();
  await using store = new SwiftStore("bench", options);
  await store.configure();
  if (work.startsWith("get")) {
    return await measure(async () => {
      const { stream } = await store.get(image);
      return await (work === "get-byob" ? drainInto(stream) : drain(stream));
    });
  }
  const data = (await Deno.open(source)).readable;
  await measure(async () => {
    return (await store.add(image, data, work === "add-unsized" ? {} : { size })).size;
  });
}

async function bare(): Promise<void> {
  const { authAddress = "", user, key, container = "", largeObjectChunkSize = 16 } = options;
  const transport = new Transport();
  const login = { authAddress, authVersion: "1" as const, user: user!, key: key! };
  const session = fixedSession(await loginV1(transport, login, true));
  const client = new SwiftClient(transport, session, true);
  const part = largeObjectChunkSize * MB;
  const zeros = new Uint8Array(part);
  const md5s = Array.from(
    { length: Math.ceil(size / part) },
    () => Promise.withResolvers<string>(),
  );
  let next = 0;
  const senders = () =>
    Array.from({ length: options.concurrency ?? 4 }, async () => {
      while (next * part < size) {
        const number = next++;
        const body = [zeros.subarray(0, Math.min(part, size - number * part))];
        const put = { method: "PUT", container, object: `${image}-${number}`, body };
        const { headers } = await client.send(put);
        if (work !== "checked-add") continue;
        if (headers.get("etag") !== await md5s[number]!.promise) throw new Error("another ETag");
      }
    });
  const digest = async () => {
    const partSize = work === "checked-add" ? part : undefined;
    const digests = await createDigests(["md5", "sha512"], { sizeHint: size, partSize });
    for (const [number, { resolve }] of md5s.entries()) {
      const end = Math.min(part, size - number * part);
      for (let at = 0; at < end; at += CHUNK_SIZE) {
        await digests.update(zeros.subarray(at, Math.min(at + CHUNK_SIZE, end)));
      }
      if (partSize) resolve(digests.endPart!());
    }
    await digests.digest();
  };
  await measure(async () => {
    await Promise.all([...senders(), work === "bare-add" ? undefined : digest()]);
    return size;
  });
  for (let number = 0; number < next; number++) {
    await client.send({ method: "DELETE", container, object: `${image}-${number}` });
  }
  await transport.close();
}

if (work.endsWith("-add")) await bare();
else await vitrine();
Deno.exit(0);
