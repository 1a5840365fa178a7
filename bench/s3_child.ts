/**
 * Vitrine's S3 driver, Amazon's SDK and a client that does nothing else, each measured in a process
 * of its own for bench/s3.ts.
 *
 * Usage: `s3_child.ts WORK SOURCE IMAGE OPTIONS`, where OPTIONS is JSON of the store's options, and
 * WORK is:
 *
 * - `add`, `add-unsized`, `add-threads` (without FFI): Vitrine, md5 and sha512 included
 * - `get-byob`, `get-default`: Vitrine
 * - `sdk-add`, `sdk-get`: the SDK, without digests
 * - `bare-add`: parts of zeros, neither read nor digested
 * - `digested-add`: parts of the source, with the digests that `add` makes and nothing else: md5 and
 *   sha512 of the image, sha256 of each part for its signature
 * - `bare-get`: read into one buffer
 *
 * @module
 */
import type { S3Options } from "@vitrine/vitrine/s3";
import { S3Store } from "@vitrine/vitrine/s3";
import { UploadChecksums } from "../drivers/s3/upload_checksums.ts";
import { S3Client } from "../drivers/s3/client.ts";
import { Endpoint } from "../drivers/s3/endpoint.ts";
import { Multipart } from "../drivers/s3/multipart.ts";
import type { S3Settings } from "../drivers/s3/options.ts";
import { WriteState } from "../drivers/s3/write_state.ts";
import { createDigests } from "../streams/digest/mod.ts";
import type { Bytes } from "../streams/mod.ts";
import { drain, drainInto } from "./data.ts";
import { measure, withoutFfi } from "./harness.ts";

// Not in the import map: what only a bench compares with is no dependency.
const SDK = "3.1160.0";

const [work, source, image, json] = Deno.args as [string, string, string, string];
const options: S3Options = JSON.parse(json);
const { largeObjectChunkSize: part = 10, concurrency = 10 } = options;
const PART = part * 1024 * 1024;
const { size } = await Deno.stat(source);

async function vitrine(): Promise<void> {
  if (work === "add-threads") withoutFfi();
  await using store = new S3Store("bench", options);
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

async function sdk(): Promise<void> {
  const { S3, GetObjectCommand } = await import(`npm:@aws-sdk/client-s3@${SDK}`);
  const { Upload } = await import(`npm:@aws-sdk/lib-storage@${SDK}`);
  const { host, region, accessKey: accessKeyId, secretKey: secretAccessKey, bucket } = options;
  const client = new S3({
    endpoint: host,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  const target = { Bucket: bucket, Key: image };
  if (work === "sdk-get") {
    return await measure(async () => {
      const { Body } = await client.send(new GetObjectCommand(target));
      let bytes = 0;
      for await (const chunk of Body) bytes += chunk.length;
      return bytes;
    });
  }
  const { createReadStream } = await import("node:fs");
  await measure(async () => {
    const Body = createReadStream(source, { highWaterMark: 4 * 1024 * 1024 });
    const params = { ...target, Body };
    await new Upload({ client, params, partSize: PART, queueSize: concurrency }).done();
    return size;
  });
}

async function bareAdd(): Promise<void> {
  const settings = options as S3Settings;
  const client = new S3Client(settings, new Endpoint(settings, "bench"));
  const upload = await Multipart.begin(new WriteState(client, settings), image, {}, undefined);
  const zeros = new Uint8Array(PART);
  await measure(async () => {
    let next = 0;
    await Promise.all(Array.from({ length: concurrency }, async () => {
      while (next * PART < size) {
        const number = ++next;
        const body = zeros.subarray(0, Math.min(PART, size - (number - 1) * PART));
        await upload.put(number, [body], {}, undefined);
      }
    }));
    return size;
  });
  await upload.abort();
  await client.close();
}

async function digestedAdd(): Promise<void> {
  const settings = options as S3Settings;
  const client = new S3Client(settings, new Endpoint(settings, "bench"));
  const upload = await Multipart.begin(new WriteState(client, settings), image, {}, undefined);
  const checksums = new UploadChecksums(settings, false);
  using file = await Deno.open(source);
  await measure(async () => {
    const digests = await createDigests(["md5", "sha512"]);
    const free: Bytes[] = [];
    const sending = new Set<Promise<void>>();
    let digested: Promise<void> | void = undefined;
    for (let number = 1; (number - 1) * PART < size; number++) {
      while (sending.size >= concurrency) await Promise.race(sending);
      const buffer = free.pop() ?? new Uint8Array(PART);
      const body = buffer.subarray(0, Math.min(PART, size - (number - 1) * PART));
      for (let at = 0; at < body.length;) at += await file.read(body.subarray(at)) ?? NaN;
      await digested;
      const mine = digested = digests.update(body);
      const sent = checksums.ofPart([body], false)
        .then((headers) => upload.put(number, [body], headers, undefined))
        .then(() => mine)
        .then(() => void free.push(buffer))
        .finally(() => sending.delete(sent));
      sending.add(sent);
    }
    await Promise.all(sending);
    await digests.digest();
    return size;
  });
  await upload.abort();
  await client.close();
}

async function bareGet(): Promise<void> {
  await using store = new S3Store("bench", options);
  const url = await store.presign(image);
  await measure(async () => {
    const reader = (await fetch(url)).body!.getReader({ mode: "byob" });
    let buffer = new ArrayBuffer(PART);
    for (let left = size; left > 0;) {
      const view = new Uint8Array(buffer, 0, Math.min(PART, left));
      const { value } = await reader.read(view, { min: view.length });
      left -= value!.length;
      buffer = value!.buffer;
    }
    return size;
  });
}

if (work.startsWith("sdk-")) await sdk();
else if (work === "bare-add") await bareAdd();
else if (work === "digested-add") await digestedAdd();
else if (work === "bare-get") await bareGet();
else await vitrine();
Deno.exit(0);
