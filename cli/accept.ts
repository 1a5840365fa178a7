/**
 * The options with which commands refuse images, and what they say of unsafe ones that they store.
 *
 * @module
 */
import { type AcceptPolicy, isFormatName } from "../formats/mod.ts";
import type { ImageInspection } from "../formats/mod.ts";
import { type Arguments, type CommandOption, type Session, UsageError } from "./command.ts";

/** Which images are accepted. */
export const ACCEPT: readonly CommandOption[] = [
  {
    name: "formats",
    value: "NAMES",
    help: "the formats that are accepted: qcow2,raw. Default: all",
  },
  { name: "refuse-unsafe", help: "refuse images that lead out of themselves" },
];

/**
 * Returns the policy that the options set.
 *
 * @param args The arguments, with {@linkcode ACCEPT}.
 * @returns The policy, or `undefined` if there is none.
 * @throws {UsageError} If a name is that of no format.
 */
export function acceptOf(args: Arguments): AcceptPolicy | undefined {
  const formats = args.value("formats")?.split(",").map((name) => name.trim()).filter(Boolean);
  for (const name of formats ?? []) {
    if (!isFormatName(name)) throw new UsageError(`--formats: ${name} is no format of images`);
  }
  const isStrict = args.has("refuse-unsafe");
  if (!formats && !isStrict) return undefined;
  return { ...formats && { formats }, ...isStrict && { unsafe: false } };
}

/**
 * Warns of an unsafe image that was stored.
 *
 * @param session The session.
 * @param path The path of the image.
 * @param inspection What is known of it.
 */
export function warnUnsafe(
  session: Session,
  path: string,
  inspection: ImageInspection | undefined,
): void {
  for (const { severity, message } of inspection?.findings ?? []) {
    if (severity === "unsafe") session.note(`warning: ${path} is not safe: ${message}`);
  }
}
