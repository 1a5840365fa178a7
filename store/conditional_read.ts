/**
 * Reads with preconditions. Loaded with the first one.
 *
 * @module
 */
import { Invalid, InvalidRange, NotModified, PreconditionFailed } from "../errors/mod.ts";
import { entityTags, failedCondition, type Validators } from "./conditions.ts";
import type { ImageReader } from "./driver.ts";
import type { Conditions, DriverStat } from "./types.ts";

/**
 * Checks the preconditions of a read.
 *
 * @param conditions The preconditions.
 * @param current What is known of the image.
 * @throws {NotModified} If the caller has this image already.
 * @throws {PreconditionFailed} If it is another image than the caller expects.
 * @throws {Invalid} If a precondition is malformed, or the image has no date to compare with.
 */
export function checkConditions(conditions: Conditions, current: Validators): void {
  validateConditions(conditions);
  validateDates(conditions, current);
  const failed = failedCondition(conditions, current);
  if (failed === undefined) return;
  const { etag = "no entity tag", modified } = current;
  const found = failed.endsWith("Since") ? modified!.toISOString() : etag;
  const wanted = conditions[failed];
  const expected = wanted instanceof Date ? wanted.toISOString() : wanted;
  const detail = `the image has ${found}, and ${failed} is ${expected}`;
  throw failed === "ifNoneMatch" || failed === "ifModifiedSince"
    ? new NotModified(detail)
    : new PreconditionFailed(detail);
}

/**
 * Opens an image if the preconditions hold for the image that was opened.
 *
 * @param conditions The preconditions.
 * @param open Opens the range, if the preconditions that it is given hold in the eyes of the backend.
 * @param stat Reads what is known of the image, where opening it does not say enough.
 * @returns The reader.
 * @throws {NotModified} If the caller has this image already.
 * @throws {PreconditionFailed} If it is another image than the caller expects.
 */
export async function openIf(
  conditions: Conditions,
  open: (conditions: Conditions | undefined) => Promise<ImageReader>,
  stat: () => Promise<DriverStat>,
): Promise<ImageReader> {
  validateConditions(conditions);
  let reader: ImageReader;
  try {
    reader = await open(conditions);
  } catch (error) {
    // Preconditions come before the range (section 13.2.2): it may lie outside of another image.
    const isDoubtful = error instanceof InvalidRange || error instanceof PreconditionFailed;
    if (isDoubtful) checkConditions(conditions, await stat());
    if (!(error instanceof PreconditionFailed)) throw error;
    // The backend compares entity tags in a way of its own.
    reader = await open(undefined);
  }
  try {
    const { etag, modified } = reader;
    const isEnough = etag !== undefined && modified !== undefined;
    checkConditions(conditions, isEnough ? reader : { ...await stat(), ...known(reader) });
    return reader;
  } catch (error) {
    await reader.close(error).catch(() => {});
    throw error;
  }
}

function known({ etag, modified }: Validators): Validators {
  return { ...etag !== undefined && { etag }, ...modified !== undefined && { modified } };
}

/** Throws where a precondition is malformed. */
function validateConditions(conditions: Conditions): void {
  for (const name of ["ifMatch", "ifNoneMatch"] as const) {
    const value = conditions[name];
    if (value === undefined) continue;
    if (typeof value === "string" && (value.trim() === "*" || entityTags(value).length > 0)) {
      continue;
    }
    throw new Invalid(`${name} is ${JSON.stringify(value)}, allowed are entity tags and "*"`);
  }
  for (const name of ["ifModifiedSince", "ifUnmodifiedSince"] as const) {
    const value = conditions[name];
    if (value === undefined) continue;
    if (!(value instanceof Date) || Number.isNaN(value.getTime())) {
      throw new Invalid(`${name} is ${JSON.stringify(value)}, allowed is a date`);
    }
  }
}

/** Throws where a date can only be ignored. */
function validateDates(conditions: Conditions, { modified }: Validators): void {
  for (const name of ["ifModifiedSince", "ifUnmodifiedSince"] as const) {
    if (conditions[name] === undefined) continue;
    const isOverridden = conditions[name === "ifModifiedSince" ? "ifNoneMatch" : "ifMatch"];
    if (modified === undefined && isOverridden === undefined) {
      throw new Invalid(`${name}: the store does not know when the image was changed`);
    }
  }
}
