/**
 * One verdict from what all formats have found, and the rule of what may be together in one image.
 *
 * @module
 */
import type { Detection, ExaminedImage, Format, Kind } from "./format.ts";
import type { Finding, ImageInspection } from "./inspection.ts";

/** A format that has recognised the image. */
export interface Recognition {
  /** The format. */
  format: Format;
  /** What it knows. */
  detection: Detection;
  /** The image as it saw it, with its findings. */
  image: ExaminedImage;
}

/** The kinds, the one first after which an image is called that is of several. */
const PRECEDENCE: readonly Kind[] = [
  ...["container", "footer", "disc", "table", "filesystem", "boot", "content"] as const,
];

/** What qemu calls raw: it may be together, as it is one disk whatever is on it. */
const RAW: readonly Kind[] = ["table", "filesystem", "boot", "content"];

/**
 * Returns the verdict on an image.
 *
 * @param recognitions What the formats know, in the order of their table.
 * @param size Size of the image in bytes.
 * @returns The verdict.
 */
export function verdict(recognitions: readonly Recognition[], size: number): ImageInspection {
  const all = PRECEDENCE.flatMap((kind) => recognitions.filter((one) => kindOf(one) === kind));
  const [first] = all;
  if (!first) return { format: "raw", virtualSize: size, findings: [], safe: true };
  const kind = kindOf(first);
  const together = all.filter((other) => other === first || counts(kindOf(other), kind));
  const findings: Finding[] = together.flatMap(({ image }) => image.findings);
  const other = together.find((other) => other !== first && !mayJoin(kindOf(other), kind));
  if (other) {
    const message = `the image is ${first.format.name} and ${other.format.name} at once`;
    findings.push({ code: "two-formats", severity: "unsafe", message, cve: "CVE-2024-40767" });
  }
  const { kind: _, ...detection } = first.detection;
  const table = kind === "disc" && all.find((other) => kindOf(other) === "table");
  return {
    format: kind === "filesystem" || kind === "boot" ? "raw" : first.format.name,
    virtualSize: size,
    ...table && { subformat: table.format.name },
    ...detection,
    findings,
    safe: findings.every(({ severity }) => severity !== "unsafe"),
  };
}

function kindOf({ format, detection }: Recognition): Kind {
  return detection.kind ?? format.kind;
}

/** Whether what else was recognised matters in an image of a kind. */
function counts(other: Kind, kind: Kind): boolean {
  // A boot sector alone is two bytes, which any header may have; that of a disc is for starting from it.
  if (other === "boot") return kind === "footer" || kind === "content";
  if (other === "content") return !RAW.includes(kind) && kind !== "footer";
  return !(kind === "disc" && other === "table");
}

/** Whether something else may be in an image of a kind. */
function mayJoin(other: Kind, kind: Kind): boolean {
  if (kind === "container") return false;
  if (kind === "disc") return other === "disc";
  return RAW.includes(other);
}
