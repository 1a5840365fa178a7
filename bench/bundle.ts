/**
 * `deno task bench bundle`: prints how much code users load, minified and gzipped, beside the peers.
 *
 * @module
 */
import { BUNDLES, type BundleSizes, measureBundle, type Size } from "../tools/bundle.ts";

/** What the peers' bundles take, in bytes, minified and gzipped, everything in one module. */
const PEERS: readonly (readonly [string, number, number])[] = [
  ["aws4fetch (signing alone)", 7_600, 3_000],
  ["unstorage, its S3 driver", 18_600, 6_900],
  ["s3-lite-client", 20_500, 7_500],
  ["s3mini", 32_900, 10_500],
  ["ZenFS", 271_000, 76_000],
  ["@aws-sdk/client-s3", 429_000, 131_500],
];

/** Measures all bundles, prints the table and writes the JSON. */
export async function bundles(): Promise<void> {
  const rows: (BundleSizes & { name: string })[] = [];
  for (const bundle of Object.values(BUNDLES)) {
    rows.push({ name: bundle.name, ...await measureBundle(bundle) });
  }
  const kb = ({ minified, gzipped }: Size) =>
    [minified, gzipped].map((bytes) => (bytes / 1000).toFixed(1).padStart(6)).join(" /");
  console.log("\nBundles in KB (1000 bytes), minified / gzipped");
  print(["", "at start", "to read", "the driver's own", "everything"]);
  for (const { name, start, read, own, everything } of rows) {
    print([name, ...[start, read, own, everything].map(kb)]);
  }
  for (const [name, minified, gzipped] of PEERS) {
    print([name, "", "", "", kb({ minified, gzipped })]);
  }
  await Deno.mkdir(new URL("./results/", import.meta.url), { recursive: true });
  await Deno.writeTextFile(
    new URL("./results/bundle.json", import.meta.url),
    JSON.stringify({ title: "bundles", when: new Date().toISOString(), rows, PEERS }, null, 2),
  );
}

function print([name, ...cells]: readonly string[]): void {
  console.log([name!.padEnd(28), ...cells.map((cell) => cell.padStart(18))].join("").trimEnd());
}

if (import.meta.main) await bundles();
