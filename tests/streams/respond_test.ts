/**
 * Responses of images, for those who pass them on.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { RemoteServiceUnavailable, Vfs } from "@vitrine/vitrine";
import { handler } from "@vitrine/vitrine/handler";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { replaceMethods } from "../store/replace_methods.ts";

const MIB = 1_048_576;

/** A store whose reads break, and which counts its open images. */
class BrokenStore extends MemoryStore {
  opened = 0;

  constructor(name: string) {
    super(name);
    replaceMethods(this.driver, (driver) => ({
      openRead: (...given) => {
        this.opened++;
        return driver.openRead(...given).then((reader) => ({
          ...reader,
          read: () => Promise.reject(new RemoteServiceUnavailable("the disk was pulled out")),
          close: () => Promise.resolve(void this.opened--),
        }));
      },
    }));
  }
}

Deno.test("GetResult.respond: a small response is there at once, a large one is a stream of 1 MiB chunks", async () => {
  const store = new MemoryStore("s");
  const data = crypto.getRandomValues(new Uint8Array(65_536));
  await store.add("small", data);
  await store.add("empty", new Uint8Array());
  await store.add("large", new Uint8Array(2 * MIB + 1));

  const respond = async (...given: Parameters<MemoryStore["get"]>) =>
    await (await store.get(...given)).respond({ status: 203 });
  const [part, whole, empty, large] = [
    await respond("small", { offset: 1, length: 9 }),
    await respond("small"),
    await respond("empty"),
    await respond("large"),
  ];
  assertEquals(part.status, 203);
  // Read last, when the buffer of the first has long been used for others.
  assertEquals(await whole.bytes(), data);
  assertEquals(await part.bytes(), data.slice(1, 10));
  assertEquals(await empty.bytes(), new Uint8Array());
  const sizes: number[] = [];
  for await (const chunk of large.body!) sizes.push(chunk.length);
  assertEquals(sizes, [MIB, MIB, 1]);
});

Deno.test("GetResult.respond: a small image that cannot be read is an error, not a response that breaks", async () => {
  const store = new BrokenStore("s");
  const vfs = new Vfs({ s: store });
  await vfs.writeFile("/s/small", new Uint8Array(9));
  await assertRejects(async () => (await store.get("small")).respond(), RemoteServiceUnavailable);
  const response = await handler(vfs)(new Request("http://localhost/s/small"));
  assertEquals([response.status, await response.text()], [503, "the store cannot be reached\n"]);
  assertEquals(store.opened, 0);
});

Deno.test("GetResult.respond: a status without a body is refused, and the image is closed", async () => {
  const store = new BrokenStore("s");
  await store.add("small", new Uint8Array(9));
  await store.add("large", new Uint8Array(2 * MIB));
  for (const image of ["small", "large"]) {
    await assertRejects(async () => (await store.get(image)).respond({ status: 304 }));
    assertEquals(store.opened, 0);
  }
});
