/**
 * Why a policy refuses an image.
 *
 * @module
 */
import type { Finding, ImageInspection } from "./inspection.ts";
import { type AcceptPolicy, ALIASES } from "./policy.ts";

/** What QEMU calls raw, as it is a disk as it is. */
const RAW: readonly string[] = ["raw", "gpt", "mbr", "apm"];

/**
 * Returns whether a policy can refuse an image at all.
 *
 * @param policy The policy.
 * @returns Whether it can, of an image of which nothing is claimed.
 */
export function canRefuse({ formats, unsafe, oddTables }: AcceptPolicy): boolean {
  return formats !== undefined || unsafe === false || oddTables === false;
}

/**
 * Returns why a policy refuses an image that has been seen to its end.
 *
 * @param inspection What is known of the image.
 * @param policy The policy.
 * @param claimed The format that the image is claimed to have. What is claimed to be `raw` may be
 * anything, as Glance has it: it is to be used as raw then.
 * @returns The reason in one line, or `undefined` if the image is accepted.
 */
export function refusal(
  inspection: ImageInspection,
  policy: AcceptPolicy,
  claimed: string | undefined,
): string | undefined {
  const { format, findings } = inspection;
  const known = new Set([format, ...RAW.includes(format) ? ["raw"] : []]);
  const name = (one: string) => ALIASES[one] ?? one;
  if (policy.formats && !policy.formats.some((one) => known.has(name(one)))) {
    return `the image is ${format}; accepted are ${policy.formats.join(", ") || "none"}`;
  }
  if (claimed !== undefined && !policy.mismatch && name(claimed) !== "raw") {
    if (!known.has(name(claimed))) return `the image is ${format}, and was to be ${claimed}`;
  }
  return findingRefusal(findings, policy);
}

/**
 * Returns why a policy refuses an image of which something was found, seen to its end or not.
 *
 * @param findings The findings.
 * @param policy The policy.
 * @returns The reason in one line, or `undefined` if there is none.
 */
export function findingRefusal(
  findings: readonly Finding[],
  { unsafe = true, oddTables = true }: AcceptPolicy,
): string | undefined {
  const found = findings.find(({ severity, code }) =>
    severity === "unsafe" && !unsafe || code.startsWith("mbr-") && !oddTables
  );
  if (!found) return undefined;
  const { message, code, cve } = found;
  return `the image is not safe: ${message} (${[code, cve].filter(Boolean).join(", ")})`;
}
