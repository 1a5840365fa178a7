/**
 * What is printed with its secrets masked, by whatever prints it.
 *
 * @module
 */

/** Something whose every printed form is its masked one. */
export abstract class Masked {
  /** The form with the secrets masked. */
  abstract toString(): string;

  /** What `JSON.stringify` writes: the masked form. */
  toJSON(): string {
    return this.toString();
  }

  /** What `console.log` shows in Deno: the masked form. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  /** What `console.log` shows in Node and Bun: the masked form. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
