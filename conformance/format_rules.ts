/**
 * What holds for the formats of images: what is known of them, and what a policy refuses.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import {
  BitMasks,
  ImageFormatRefused,
  NotFound,
  type Store,
  StorePresignNotSupported,
} from "../mod.ts";
import { assertAbsent } from "./add_rules.ts";
import { MIB, pattern, streamOf } from "./data.ts";
import { type Rule, RW } from "./suite.ts";

/** A vmdk that makes its user read a file of the host: a descriptor, and 5 MiB behind it. */
function hostileImage(): Uint8Array<ArrayBuffer> {
  const image = new Uint8Array(5 * MIB);
  const text = '# Disk DescriptorFile\nversion=1\nRW 4 FLAT "/etc/passwd" 0\n';
  image.set(new TextEncoder().encode(text));
  return image;
}

/** The rules. */
export const formatRules: readonly Rule[] = [
  {
    name: "add says what the image is, and stat and inspect say the same",
    needs: RW,
    async run({ store, id }) {
      const { inspection, format } = await store.add(id("disk.vmdk"), hostileImage());
      assertEquals([format, inspection?.safe], ["vmdk", false]);
      assertEquals(await store.inspect(id("disk.vmdk")), inspection);
      assertEquals(await store.inspect(id("disk.vmdk"), { kept: false }), inspection);
      assertEquals((await store.stat(id("disk.vmdk"))).format ?? "vmdk", "vmdk");
      await store.add(id("empty.img"), new Uint8Array());
      assertEquals((await store.inspect(id("empty.img"))).format, "raw");
      await assertRejects(() => store.inspect(id("none")), NotFound);
    },
  },
  {
    name: "what the policy does not accept is refused on every way in, and nothing is left",
    needs: RW,
    async run(context) {
      const { store, id } = context;
      const image = hostileImage();
      const there = await store.add(id("there.vmdk"), image);
      const ways: Record<string, (name: string) => Promise<unknown>> = {
        whole: (name) => store.add(name, image),
        sized: (name) => store.add(name, streamOf(image), { size: image.length }),
        streamed: (name) => store.add(name, streamOf(image)),
        written: (name) => {
          const writable = store.writable(name);
          writable.result.catch(() => {});
          return streamOf(image).pipeTo(writable);
        },
        copied: (name) => store.copy(there.location, name),
      };
      const refused = async (accept: Store["accept"]) => {
        for (const [way, add] of Object.entries(ways)) {
          await assertRejects(() => add(id(way)), ImageFormatRefused);
          await assertAbsent(context, id(way));
        }
        const presigned = () => store.presign(id("presigned"), { method: "PUT" });
        if (store.isCapable(BitMasks.PRESIGN)) {
          await assertRejects(presigned, StorePresignNotSupported);
        }
        assertEquals(store.accept, accept);
      };
      const { accept } = store;
      try {
        await refused(store.accept = { unsafe: false });
        await refused(store.accept = { formats: ["raw", "iso"] });
        await store.add(id("accepted.img"), pattern(MIB));
      } finally {
        store.accept = accept;
      }
      const own = { accept: { unsafe: false } };
      await assertRejects(() => store.add(id("own"), image, own), ImageFormatRefused);
      await assertRejects(() => store.copy(id("there.vmdk"), id("own"), own), ImageFormatRefused);
      await assertAbsent(context, id("own"));
    },
  },
];
