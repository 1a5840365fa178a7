/**
 * Text from outside, made safe to print.
 *
 * @module
 */

/**
 * What does not show by itself, or changes how other text is shown: control characters, format
 * characters (bidirectional overrides, zero-width characters, soft hyphens, tags), line and paragraph
 * separators, lone surrogates, and letters that are blank.
 */
const INVISIBLE =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0]/gu;

/**
 * Makes control characters, bidirectional overrides and zero-width characters of a text visible, so
 * that a name or a message cannot write to a terminal, hide in a log, or look like another one.
 *
 * @param text A name, a message or anything else from outside.
 * @returns The text, with each such character as the escape sequence of JSON: `\u001b`.
 *
 * @example A name that reads backwards
 * ```ts
 * import { visibleText } from "./visible_text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(visibleText("disk\u202e2wocq.exe"), "disk\\u202e2wocq.exe");
 * ```
 */
export function visibleText(text: string): string {
  return text.replace(
    INVISIBLE,
    (char) =>
      char.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join(
        "",
      ),
  );
}
