/**
 * What an inspection says of an image: its format, its sizes, and whether it is safe to use.
 *
 * @module
 */

/**
 * How serious a finding is. `unsafe`: whoever uses the image can be made to read or do what is not in
 * it, or different programs take it for different things. `suspicious`: not what a sound image looks
 * like, but nothing leads out of it. `note`: good to know.
 */
export type Severity = "unsafe" | "suspicious" | "note";

/** Something that was noticed in an image. */
export interface Finding {
  /** What it is, for programs: `backing-file`, `two-formats`, ... docs/formats.md lists the codes. */
  code: string;
  /** How serious it is. */
  severity: Severity;
  /** What it is, for people, in one line. Names that come from the image are quoted and shortened. */
  message: string;
  /** The best known CVE of the kind, as `CVE-2015-5163`. */
  cve?: string;
}

/** What is known of an image from the few bytes that say it. */
export interface ImageInspection {
  /** The format's name, as in docs/formats.md: `qcow2`, `vmdk`, `iso`, `raw`, ... */
  format: string;
  /** The variant: the createType of a vmdk, the file system in a raw image, the version of LUKS, ... */
  subformat?: string;
  /**
   * Size in bytes of the disk that a guest sees; `undefined` if the image does not say it. For raw
   * formats, archives and pictures it is the size of the image itself.
   */
  virtualSize: number | undefined;
  /** Size in bytes that the file system, volume or partition table inside says it has. */
  contentSize?: number;
  /** Size in bytes of the units in which the image is allocated. */
  clusterSize?: number;
  /** The file on which the image is based, as its header names it. */
  backingFile?: string;
  /** The file that has the image's data, as its header names it. */
  dataFile?: string;
  /** Whether what is in the image is encrypted, and so cannot be judged. */
  encrypted?: boolean;
  /** Width of a picture in pixels. */
  width?: number;
  /** Height of a picture in pixels. */
  height?: number;
  /** What was noticed, in the order in which it was found. */
  findings: Finding[];
  /** Whether there is no finding that is `unsafe`. */
  safe: boolean;
}
