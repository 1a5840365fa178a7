/**
 * Which member of an archive is the image.
 *
 * @module
 */
import { Invalid } from "../../errors/mod.ts";

/** Chooses the one member that is the image. */
export class MemberChoice {
  readonly #archive: string;
  readonly #wanted: string | undefined;
  #found: string | undefined;

  /**
   * Creates it.
   *
   * @param archive The name of the format, for errors.
   * @param wanted The name of the member. Default: there must be one alone.
   */
  constructor(archive: string, wanted: string | undefined) {
    this.#archive = archive;
    this.#wanted = wanted;
  }

  /**
   * Returns whether a member is the image.
   *
   * @param name The name of the member, which is a file.
   * @returns Whether it is.
   * @throws {Invalid} If there was one before.
   */
  isImage(name: string): boolean {
    const plain = name.replace(/^(\.\/)+/, "");
    if (this.#wanted !== undefined && plain !== this.#wanted.replace(/^(\.\/)+/, "")) return false;
    if (this.#found !== undefined) {
      throw new Invalid(
        this.#wanted === undefined
          ? `the ${this.#archive} data has several members, one must be named: ${this.#found}, ${plain}`
          : `the ${this.#archive} data has two members that are named ${plain}`,
      );
    }
    this.#found = plain;
    return true;
  }

  /**
   * Checks at the end of the archive that the image was there.
   *
   * @throws {Invalid} If it was not.
   */
  end(): void {
    if (this.#found !== undefined) return;
    const which = this.#wanted === undefined ? "" : ` that is named ${this.#wanted}`;
    throw new Invalid(`the ${this.#archive} data has no member${which}`);
  }
}
