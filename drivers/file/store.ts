/**
 * The file store.
 *
 * @module
 */
import { BitMasks } from "../../capabilities/mod.ts";
import type { StoreLocationClass } from "../../location/mod.ts";
import type { DriverClass } from "../../store/driver.ts";
import type { OptionDefinitions, StoreOptions } from "../../store/options.ts";
import { Store } from "../../store/store.ts";
import { FileDriver } from "./driver.ts";
import { FileLocation } from "./location.ts";
import { type FileOptions, OPTIONS } from "./options.ts";

/**
 * A store in directories: the file of an image is `<datadir>/<image id>`, as glance_store's
 * filesystem driver has it, so that the two can share a datadir.
 *
 * An image is written beside its place, brought to the disk, and then linked into place, so that it is
 * whole whenever it can be seen and nothing is ever overwritten. What a crash leaves is removed when
 * a store of the datadir is configured next. The driver's own files are in `<datadir>/.vitrine`.
 * Symbolic links are followed inside the datadirs; one that leads out is `Forbidden`.
 *
 * @example An image in a directory
 * ```ts
 * import { FileStore } from "@vitrine/vitrine/file";
 * import { assertEquals } from "@std/assert";
 *
 * const datadir = await Deno.makeTempDir();
 * const store = new FileStore("local", { datadir });
 * const { location, checksum } = await store.add("iso/a.iso", new Blob(["hello"]));
 * assertEquals(location.uri(), `file://${datadir}/iso/a.iso`);
 * assertEquals(await Deno.readTextFile(`${datadir}/iso/a.iso`), "hello");
 * assertEquals((await store.stat(location)).checksum, checksum);
 * await Deno.remove(datadir, { recursive: true });
 * ```
 */
export class FileStore extends Store<FileLocation, FileOptions> {
  /** The driver. */
  static override readonly DRIVER: DriverClass = FileDriver;
  /** The options, as data. */
  static override readonly OPTIONS: OptionDefinitions = OPTIONS;
  /** `file`, and `filesystem` for reading. */
  static override readonly SCHEMES: readonly string[] = ["file", "filesystem"];
  /** What glance_store's driver can do, and listing, copying and digests. */
  static override readonly CAPABILITIES: number = BitMasks.READ_RANDOM | BitMasks.WRITE_ACCESS |
    BitMasks.DRIVER_REUSABLE | BitMasks.LIST | BitMasks.COPY | BitMasks.CHECKSUM;
  /** {@linkcode FileLocation}. */
  static override readonly LOCATION: StoreLocationClass<FileLocation> = FileLocation;

  /**
   * Creates a store. Nothing is opened yet.
   *
   * @param name Name of the store: one segment of a path.
   * @param options The options of the driver.
   * @throws {BadStoreConfiguration} If an option is unknown, missing or has a value that is not allowed.
   */
  constructor(name: string, options: FileOptions & StoreOptions = {}) {
    super(name, { ...options });
  }
}
