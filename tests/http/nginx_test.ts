/**
 * The http store against a real nginx: the contract, both of its indexes, TLS.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  BackendException,
  BitMasks,
  Duplicate,
  NotFound,
  RemoteServiceUnavailable,
} from "@vitrine/vitrine";
import type { Driver, ImageWriter } from "@vitrine/vitrine";
import { storeConformance } from "@vitrine/vitrine/conformance";
import { type HttpLocation, type HttpOptions, HttpStore } from "@vitrine/vitrine/http";
import { dirname } from "@std/path";
import { assertBytes, pattern } from "../../conformance/data.ts";
import { latin1 } from "../faults/wire.ts";
import { type Endpoints, service, serviceTest } from "../services/mod.ts";
import { replaceMethods } from "../store/replace_methods.ts";

/** An http store whose images a test puts below nginx's root, so that the whole contract is tested. */
class SiteStore extends HttpStore {
  static override readonly CAPABILITIES: number = HttpStore.CAPABILITIES | BitMasks.WRITE_ACCESS;
  static #secondOfNext = Math.floor(Date.now() / 1000) - 86_400;
  readonly #root: string;

  constructor(name: string, root: string, options: HttpOptions) {
    super(name, options);
    this.#root = root;
    replaceMethods(this.driver, (driver) => ({
      openWrite: (imageId) => this.#openWrite(imageId, driver),
      deleteImage: (location) => this.#deleteImage(location),
    }));
  }

  async #openWrite(
    imageId: string,
    driver: Driver<HttpLocation>,
  ): Promise<ImageWriter<HttpLocation>> {
    const path = `${this.#root}/${imageId}`;
    const duplicate = () => new Duplicate("the image exists already");
    if (await Deno.stat(path).then(() => true, () => false)) throw duplicate();
    const draft = await Deno.makeTempFile({ dir: dirname(this.#root) });
    return {
      location: await driver.locate(imageId, {}),
      write: (chunk) => Deno.writeFile(draft, chunk, { append: true }),
      async commit() {
        await Deno.mkdir(dirname(path), { recursive: true });
        await Deno.chmod(draft, 0o644);
        // nginx makes entity tags of the size and the second, and would give two images the same one.
        const second = SiteStore.#secondOfNext++;
        await Deno.utime(draft, second, second);
        try {
          await Deno.link(draft, path);
        } catch {
          throw duplicate();
        }
        await Deno.remove(draft);
      },
      abort: () => Deno.remove(draft),
    };
  }

  async #deleteImage(location: HttpLocation): Promise<void> {
    let path = `${this.#root}/${this.imageIdOf(location)}`;
    await Deno.remove(path).catch(() => {
      throw new NotFound("no such image");
    });
    // A directory is gone with its last image.
    while ((path = dirname(path)) !== this.#root) {
      if (await Deno.remove(path).then(() => false, () => true)) return;
    }
  }
}

const endpoints = await service("nginx");

/** A directory of its own below nginx's root. */
async function ownRoot({ root }: Endpoints): Promise<{ root: string; directory: string }> {
  const directory = `http-${crypto.randomUUID().slice(0, 8)}`;
  await Deno.mkdir(`${root}/${directory}`);
  return { root: `${root}/${directory}`, directory };
}

for (const index of ["url", "jsonUrl"] as const) {
  if (endpoints === undefined) {
    serviceTest(`conformance: http on nginx (${index})`, "nginx", () => {});
    continue;
  }
  const { root, directory } = await ownRoot(endpoints);
  storeConformance(
    `http on nginx (${index})`,
    () => new SiteStore("site", root, { baseUrl: `${endpoints[index]}${directory}/` }),
    {
      skip: {
        "an odd name works everywhere, or is refused as InvalidImageId":
          "nginx's index leaves out names that begin with a dot",
      },
      cleanup: () => Deno.remove(root, { recursive: true }),
    },
  );
}

const NAMES = ["a b.iso", "c:d.img", 'q?&<">#%41.img', "ü.img", "empty", "+.img", "sub/deep.img"];

serviceTest(
  "HttpStore.list: both indexes of nginx have odd names, sizes and directories",
  "nginx",
  async ({ nginx }) => {
    const { root, directory } = await ownRoot(nginx);
    try {
      await Deno.mkdir(`${root}/sub`);
      for (const name of NAMES) {
        await Deno.writeTextFile(`${root}/${name}`, name === "empty" ? "" : name);
      }
      for (const index of ["url", "jsonUrl"] as const) {
        await using store = new HttpStore("site", { baseUrl: nginx[index]! });
        const flat = await Array.fromAsync(store.list({ directory }));
        assertEquals(
          flat.filter(({ kind }) => kind === "directory").map(({ path }) => path),
          [`${directory}/sub`],
        );
        const images = await Array.fromAsync(store.list({ directory, recursive: true }));
        assertEquals(
          images.map(({ path }) => path.slice(directory.length + 1)).sort(),
          NAMES.sort(),
        );
        for (const { path, size } of images) {
          const expected = await Deno.readFile(`${nginx["root"]}/${path}`);
          assertEquals(size, expected.length, path);
          const stat = await store.stat(path);
          assertEquals(stat.size, expected.length, path);
          assert(stat.etag!.startsWith('"'));
          const { stream } = await store.get(path);
          assertBytes(await new Response(stream).bytes(), expected);
        }
      }
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  },
);

serviceTest(
  "HttpStore.get: a large image in ranges, at random, by many readers at once",
  "nginx",
  async ({ nginx }) => {
    const { root, directory } = await ownRoot(nginx);
    try {
      const data = pattern(20_000_000);
      await Deno.writeFile(`${root}/a.img`, data);
      await using store = new HttpStore("site", { baseUrl: `${nginx["url"]}${directory}/` });
      await using handle = await store.open("a.img");
      await Promise.all(Array.from({ length: 16 }, async (_, index) => {
        const offset = index * 1_234_567;
        const { stream } = await store.get("a.img", { offset, length: 5_000_000 });
        assertBytes(await new Response(stream).bytes(), data.subarray(offset, offset + 5_000_000));
        const view = new Uint8Array(70_000);
        const count = await handle.read(view, data.length - 70_000 + index);
        assertBytes(view.subarray(0, count), data.subarray(data.length - 70_000 + index));
      }));
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  },
);

serviceTest(
  "HttpStore.get: a response over TLS whose end may be a cut is refused",
  "nginx",
  async ({ nginx }) => {
    const caFile = nginx["caFile"]!;
    const [cert, key] = await Promise.all(
      ["pem", "key"].map((name) => Deno.readTextFile(`${dirname(caFile)}/server.${name}`)),
    );
    using listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert: cert!, key: key! });
    const serving = (async () => {
      using connection = await listener.accept();
      await connection.read(new Uint8Array(8192));
      await connection.write(latin1("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhalf of it"));
    })();
    const baseUrl = `https://127.0.0.1:${listener.addr.port}/`;
    await using store = new HttpStore("site", { baseUrl, caCertificatesFile: caFile, retries: 0 });
    await assertRejects(() => store.get("a.img"), BackendException, "neither the size nor the end");
    await serving;
  },
);

serviceTest(
  "HttpStore: TLS is verified, except where the option `insecure` is set",
  "nginx",
  async ({ nginx }) => {
    const { root, directory } = await ownRoot(nginx);
    try {
      const data = pattern(300_000);
      await Deno.writeFile(`${root}/a.img`, data);
      const baseUrl = `${nginx["tlsUrl"]}${directory}/`;
      const caCertificatesFile = nginx["caFile"]!;
      for (const options of [{ caCertificatesFile }, { insecure: true }]) {
        await using store = new HttpStore("site", { baseUrl, ...options });
        const { stream } = await store.get("a.img");
        assertBytes(await new Response(stream).bytes(), data);
      }
      const other = `${dirname(nginx["root"]!)}/${directory}.pem`;
      await new Deno.Command("openssl", {
        args: [
          "req",
          "-x509",
          "-newkey",
          "rsa:2048",
          "-nodes",
          "-subj",
          "/CN=Other",
          "-keyout",
          "/dev/null",
          "-out",
          other,
        ],
        stderr: "null",
        stdout: "null",
      }).output();
      // A CA file makes `insecure` void, as in glance_store.
      for (const options of [{}, { caCertificatesFile: other, insecure: true }]) {
        await using store = new HttpStore("site", { baseUrl, ...options });
        const error = await assertRejects(() => store.get("a.img"), RemoteServiceUnavailable);
        assertEquals((error as RemoteServiceUnavailable).retryable, false);
      }
      await Deno.remove(other);
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  },
);
