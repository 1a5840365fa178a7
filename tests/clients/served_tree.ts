/**
 * `vitrine serve` over a folder of images, and programs that read from it.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import { Workplace } from "../cli/harness.ts";

/** The images, by their path below the store, and their sizes in bytes: some are 0, or several MiB. */
const IMAGES: Readonly<Record<string, number>> = {
  "debian/12/netinst.iso": 9_437_184 + 512,
  "debian/12/SHA256SUMS": 88,
  "debian/13 (testing)/disk ü.qcow2": 3_000_123,
  "debian/13 (testing)/a&b=c+d;e'f.img": 1000,
  "empty.img": 0,
  "raw/disk.raw": 4_194_304,
};

/** How long a program may run, in milliseconds. */
const LIMIT = 180_000;

/** A served tree, and a folder to work in. */
export class ServedTree implements AsyncDisposable {
  readonly #place: Workplace;
  readonly #server: Deno.ChildProcess;
  readonly #out: ReadableStreamDefaultReader<string>;
  /** The content of each image, by its path below {@linkcode url}. */
  readonly images: ReadonlyMap<string, Uint8Array>;
  /** The URL of the store, with a slash at its end. */
  readonly url: URL;

  private constructor(
    place: Workplace,
    server: Deno.ChildProcess,
    out: ReadableStreamDefaultReader<string>,
    images: ReadonlyMap<string, Uint8Array>,
    url: URL,
  ) {
    this.#place = place;
    this.#server = server;
    this.#out = out;
    this.images = images;
    this.url = url;
  }

  /** Makes the images and starts the server, with further options. */
  static async start(...options: string[]): Promise<ServedTree> {
    const place = await Workplace.make();
    const images = new Map<string, Uint8Array>();
    for (const [path, size] of Object.entries(IMAGES)) {
      const data = new Uint8Array(size);
      for (let at = 0; at < size; at += 65_536) {
        crypto.getRandomValues(data.subarray(at, at + 65_536));
      }
      images.set(path, data);
      const file = place.path(join("local", path));
      await Deno.mkdir(dirname(file), { recursive: true });
      await Deno.writeFile(file, data);
    }
    const server = place.start(["serve", "--port", "0", ...options], { stderr: "null" });
    const out = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value } = await out.read();
    const url = new URL("local/", /http:\S+\//.exec(value!)![0]);
    return new ServedTree(place, server, out, images, url);
  }

  /** The URL of an image. */
  urlOf(path: string): string {
    return new URL(path.split("/").map(encodeURIComponent).join("/"), this.url).href;
  }

  /** A path in the folder to work in. */
  path(name: string): string {
    return this.#place.path(name);
  }

  /** Runs a program in the folder to work in. Fails unless it ends with 0. */
  async run(program: string, args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await new Deno.Command(program, {
      args: [...args],
      cwd: this.#place.folder,
      env: { HOME: this.#place.folder, LC_ALL: "C.UTF-8", no_proxy: "127.0.0.1" },
      stdin: "null",
      signal: AbortSignal.timeout(LIMIT),
    }).output();
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    assertEquals(code, 0, `${program} ${args.join(" ")}\n${out}\n${err}`);
    return out!;
  }

  /** Fails unless a file in the folder is an image. */
  async assertImage(file: string, path: string): Promise<void> {
    const found = await Deno.readFile(this.path(file));
    const image = this.images.get(path)!;
    assertEquals(found.length, image.length, `size of ${file}`);
    assertEquals(isEqual(found, image), true, `${file} is ${path}`);
  }

  /** Fails unless a folder holds all images. */
  async assertTree(folder: string): Promise<void> {
    for (const path of this.images.keys()) await this.assertImage(join(folder, path), path);
  }

  /** Writes the beginning of an image into a file, as a download that broke off. */
  async writePart(file: string, path: string, size: number): Promise<void> {
    await Deno.writeFile(this.path(file), this.images.get(path)!.slice(0, size));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.kill("SIGINT");
    await this.#server.status;
    await this.#out.cancel();
    await this.#place[Symbol.asyncDispose]();
  }
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}
