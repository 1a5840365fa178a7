/**
 * The README says what is so: its table of capabilities is what the drivers declare.
 *
 * @module
 */
import { assertStringIncludes } from "@std/assert";
import { BitMasks, contains, driverNames, loadDriver } from "@vitrine/vitrine";

const COLUMNS: readonly (readonly [string, number])[] = [
  ["read", BitMasks.READ_ACCESS],
  ["ranges", BitMasks.READ_RANDOM],
  ["write", BitMasks.WRITE_ACCESS],
  ["list", BitMasks.LIST],
  ["copy", BitMasks.COPY],
  ["ACLs", BitMasks.ACL_READ | BitMasks.ACL_WRITE],
  ["presign", BitMasks.PRESIGN],
  ["presigned PUT", BitMasks.PRESIGN_CREATE],
  ["snapshots", BitMasks.SNAPSHOT],
  ["sparse", BitMasks.SPARSE],
  ["digests", BitMasks.CHECKSUM],
  ["metadata", BitMasks.METADATA],
  ["resume", BitMasks.RESUME],
];

Deno.test("README: the table of capabilities is what the drivers declare", async () => {
  const drivers = new Map(
    await Promise.all(
      driverNames().map(async (name) => [name, (await loadDriver(name)).CAPABILITIES] as const),
    ),
  );
  const rows = [...drivers].map(([name, mask]) =>
    [name, ...COLUMNS.map(([, bit]) => contains(mask, bit) ? "yes" : "-")].join("|")
  );
  const table = [
    `|driver|${COLUMNS.map(([name]) => name).join("|")}|`,
    `|-|${"-|".repeat(COLUMNS.length)}`,
    ...rows.map((row) => `|${row}|`),
  ].join("\n");
  const readme = await Deno.readTextFile(new URL("../README.md", import.meta.url));
  assertStringIncludes(readme.replace(/ *\| */g, "|").replace(/-+\|/g, "-|"), table);
});
