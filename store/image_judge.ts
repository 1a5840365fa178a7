/**
 * Judges an image while it is being added, and refuses it before anything of it appears.
 *
 * @module
 */
import { ImageFormatRefused, Invalid } from "../errors/mod.ts";
import { FormatInspector, type ImageInspection } from "../formats/mod.ts";
import { type AcceptPolicy, isFormatName, parsePolicy } from "../formats/policy.ts";
import { canRefuse, findingRefusal, refusal } from "../formats/refusal.ts";
import type { ChunkObserver } from "../streams/mod.ts";
import type { AddOptions, ImageFormat } from "./types.ts";

/** Sees every chunk of an image, and knows at the end what the image is. */
export class ImageJudge implements ChunkObserver {
  readonly #policies: readonly AcceptPolicy[];
  readonly #claimed: string | undefined;
  readonly #verifier: ChunkObserver | undefined;
  #inspector: FormatInspector | undefined = new FormatInspector();

  /**
   * Creates the judge of one image.
   *
   * @param options The options of the add: its policy, and what is claimed of the image.
   * @param policy The policy of the store.
   * @throws {Invalid} If the policy is none, or what is claimed is no format.
   */
  constructor(options: AddOptions, policy: AcceptPolicy | undefined) {
    const { accept, format, verifier } = options;
    if (accept !== undefined && !parsePolicy(accept)) {
      throw new Invalid("accept is no policy: it has formats, unsafe, mismatch and oddTables");
    }
    if (format !== undefined && !isFormatName(format)) {
      throw new Invalid(`${JSON.stringify(format)} is no format of images`);
    }
    const policies = [policy ?? {}, accept ?? {}];
    // What the one leaves open, the other decides.
    const said = policies.map(({ mismatch }) => mismatch);
    const mismatch = said.includes(true) && !said.includes(false);
    this.#policies = policies.map((policy) => ({ ...policy, mismatch }));
    this.#claimed = format;
    this.#verifier = verifier;
  }

  /**
   * Looks at the next chunk, and shows it to the caller's verifier.
   *
   * @param chunk The chunk, lent until the promise resolves.
   * @param moved How many of the bytes are moved, for the verifier. Default: all.
   * @throws {ImageFormatRefused} As soon as it is sure that the image will be refused.
   */
  async update(chunk: Uint8Array, moved?: number): Promise<void> {
    try {
      this.#inspector?.update(chunk);
    } catch {
      // An image of which nothing is known is refused at the end, where anything is refused.
      this.#inspector = undefined;
    }
    const findings = this.#inspector?.findings ?? [];
    if (findings.length > 0) {
      this.#refuse((policy) => findingRefusal(findings, policy));
    }
    await this.#verifier?.update(chunk, moved);
  }

  /**
   * Returns what the image is, once all of it was seen and the caller's verifier has judged it.
   *
   * @returns The inspection, in short too.
   * @throws {ImageFormatRefused} If a policy refuses the image.
   * @throws {unknown} What the verifier throws.
   */
  async end(): Promise<ImageFormat & { inspection?: ImageInspection }> {
    let inspection: ImageInspection | undefined;
    try {
      inspection = this.#inspector?.end();
    } catch {
      // As above.
    }
    this.#refuse((policy) => refusalOf(inspection, policy, this.#claimed));
    await this.#verifier?.end?.();
    if (!inspection) return {};
    const { format, virtualSize } = inspection;
    return { format, virtualSize, inspection };
  }

  #refuse(reasonOf: (policy: AcceptPolicy) => string | undefined): void {
    for (const policy of this.#policies) {
      const reason = reasonOf(policy);
      if (reason !== undefined) throw new ImageFormatRefused(reason);
    }
  }
}

/** Why a policy refuses an image, of which perhaps nothing is known. */
function refusalOf(
  inspection: ImageInspection | undefined,
  policy: AcceptPolicy,
  claimed: string | undefined,
): string | undefined {
  if (inspection) return refusal(inspection, policy, claimed);
  return canRefuse(policy) ? "the image could not be inspected" : undefined;
}
