/**
 * All formats, in the order in which an image that is several of them is called by one name.
 *
 * @module
 */
import { apm } from "./apm.ts";
import { archives } from "./archives.ts";
import { avif } from "./avif.ts";
import { btrfs } from "./btrfs.ts";
import { ext } from "./ext.ts";
import { fat } from "./fat.ts";
import type { Format } from "./format.ts";
import { gif } from "./gif.ts";
import { gpt } from "./gpt.ts";
import { iso } from "./iso.ts";
import { jpeg } from "./jpeg.ts";
import { luks } from "./luks.ts";
import { mbr } from "./mbr.ts";
import { parallels } from "./parallels.ts";
import { png } from "./png.ts";
import { qcow } from "./qcow.ts";
import { qcow2 } from "./qcow2.ts";
import { qed } from "./qed.ts";
import { squashfs } from "./squashfs.ts";
import { svg } from "./svg.ts";
import { udf } from "./udf.ts";
import { vdi } from "./vdi.ts";
import { vhd } from "./vhd.ts";
import { vhdx } from "./vhdx.ts";
import { vmdk } from "./vmdk.ts";
import { webp } from "./webp.ts";
import { xfs } from "./xfs.ts";

/** Every format but `raw`, which is what is left. */
export const FORMATS: readonly Format[] = [
  ...[qcow2, qcow, qed, vmdk, vhdx, vhd, vdi, luks, parallels],
  ...[iso, udf, gpt, mbr, apm],
  ...[ext, xfs, btrfs, squashfs, fat],
  ...[png, jpeg, webp, avif, gif, svg],
  ...archives,
];
