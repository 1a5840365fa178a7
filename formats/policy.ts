/**
 * Policies: which images are accepted, by their format, by whether they are what they are claimed to be, and
 * by whether they are safe.
 *
 * @module
 */

/** Which images are accepted. */
export interface AcceptPolicy {
  /**
   * The formats that are accepted, by their names in docs/formats.md. `raw` stands for a disk with a
   * partition table or a file system too. Default: all.
   */
  formats?: readonly string[] | undefined;
  /** Whether unsafe images are accepted. Default: `true`. */
  unsafe?: boolean | undefined;
  /** Whether images are accepted that are not what they are claimed to be. Default: `false`. */
  mismatch?: boolean | undefined;
  /** Whether partition tables are accepted of which programs make different things. Default: `true`. */
  oddTables?: boolean | undefined;
}

/** The names of all formats. */
export const FORMAT_NAMES: readonly string[] = (
  "raw qcow2 qcow qed vmdk vhdx vhd vdi luks parallels iso udf gpt mbr apm " +
  "png jpeg webp avif gif svg gzip xz zstd bzip2 zip tar"
).split(" ");

/** Other names of formats: QEMU's, and Glance's formats of parts of an image, which are raw. */
export const ALIASES: Readonly<Record<string, string>> = {
  vpc: "vhd",
  ami: "raw",
  ari: "raw",
  aki: "raw",
};

/** The switches of a policy. */
const SWITCHES = ["unsafe", "mismatch", "oddTables"] as const;

/**
 * Parses a policy, as it stands in a configuration.
 *
 * @param value An {@linkcode AcceptPolicy}, or the accepted formats as a text with commas, in which `safe`
 * says that unsafe images are not accepted.
 * @returns The policy, or `undefined` if it is none.
 *
 * @example The text of a configuration
 * ```ts
 * import { parsePolicy } from "@vitrine/vitrine/formats";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parsePolicy("qcow2, raw, safe"), { formats: ["qcow2", "raw"], unsafe: false });
 * assertEquals(parsePolicy("floppy"), undefined);
 * ```
 */
export function parsePolicy(value: unknown): AcceptPolicy | undefined {
  if (typeof value === "string") {
    const words = value.split(",").map((word) => word.trim()).filter(Boolean);
    const formats = words.filter((word) => word !== "safe");
    return parsePolicy({
      ...formats.length > 0 && { formats },
      ...formats.length < words.length && { unsafe: false },
    });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { formats, ...switches } = value as Record<string, unknown>;
  if (formats !== undefined && !(Array.isArray(formats) && formats.every(isFormatName))) {
    return undefined;
  }
  for (const [name, one] of Object.entries(switches)) {
    if (one !== undefined && typeof one !== "boolean") return undefined;
    if (!(SWITCHES as readonly string[]).includes(name)) return undefined;
  }
  return value as AcceptPolicy;
}

/**
 * Returns whether a text is the name of a format.
 *
 * @param name The text.
 * @returns Whether it is a name of docs/formats.md, or what QEMU or Glance call one of them.
 *
 * @example Names of QEMU and of Glance
 * ```ts
 * import { isFormatName } from "@vitrine/vitrine/formats";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["qcow2", "vpc", "floppy"].map(isFormatName), [true, true, false]);
 * ```
 */
export function isFormatName(name: unknown): boolean {
  return typeof name === "string" && FORMAT_NAMES.includes(ALIASES[name] ?? name);
}
