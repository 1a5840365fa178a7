/**
 * What the file systems of Linux, macOS and Windows make of names: which ids would name another file than
 * the one that they say.
 *
 * @module
 */
// Small: a table of the platforms' rules, which location.ts applies; tests use it for each platform.

/** The directory of a datadir in which the driver keeps what is not an image. */
export const RESERVED = ".vitrine";

/**
 * The names of devices on Windows, in any directory and with any extension
 * (https://learn.microsoft.com/windows/win32/fileio/naming-a-file#naming-conventions).
 */
const DEVICE =
  /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3]) *(?:[.:]|$)/i;

/** The short name that Windows may give to the reserved directory. */
const SHORT_RESERVED = /^vitrin~[0-9]+$/i;

/**
 * Returns whether a name is that of the driver's own directory on any file system: some do not tell upper
 * case from lower case, or composed letters from others, and some ignore characters that cannot be seen
 * (HFS+, and ext4 with `casefold`).
 *
 * @param name The first name of a path in the datadir.
 * @returns `true` if it may lead to the directory.
 */
export function isReserved(name: string): boolean {
  const visible = name.replace(/\p{Default_Ignorable_Code_Point}/gu, "");
  return visible.normalize("NFKC").toLowerCase() === RESERVED;
}

/**
 * Returns why an image id cannot be the path of a file in a datadir.
 *
 * @param imageId An id that `checkImageId` accepts.
 * @param platform The operating system, as `process.platform` names it.
 * @returns The reason in a few words, or `undefined` if it can.
 */
export function fileNameFault(imageId: string, platform: string): string | undefined {
  const names = imageId.split("/");
  if (isReserved(names[0]!)) return `${RESERVED} is the store's own directory`;
  if (platform !== "win32") return undefined;
  if (SHORT_RESERVED.test(names[0]!)) return `Windows may read it as ${RESERVED}`;
  for (const name of names) {
    const quoted = JSON.stringify(name);
    if (DEVICE.test(name)) return `${quoted} is a device on Windows`;
    // A colon names a stream of a file, or a drive; a tab is one of the characters that are refused.
    if (/[<>:"|?*\t]/.test(name)) {
      return `Windows has no file names with one of < > : " | ? * or a tab`;
    }
    if (/[. ]$/.test(name)) return `Windows drops the dot or blank at the end of ${quoted}`;
  }
  return undefined;
}
