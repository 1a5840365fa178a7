/**
 * Streams of chunks, read into views like streams of bytes. Loaded with the first one.
 *
 * @module
 */
import type { Source } from "./body.ts";

/** Reads what comes as it comes. */
export function chunks(reader: ReadableStreamDefaultReader<Uint8Array>): Source {
  let rest: Uint8Array = new Uint8Array();
  let done = false;
  return {
    async read(view) {
      while (rest.length === 0 && !done) {
        const result = await reader.read();
        ({ done } = result);
        rest = result.value ?? rest;
      }
      const value = view.subarray(0, rest.length);
      value.set(rest.subarray(0, value.length));
      rest = rest.subarray(value.length);
      return { value, done };
    },
    cancel: (reason) => reader.cancel(reason),
  };
}
