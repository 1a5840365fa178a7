/**
 * What holds for media type, cache control, metadata and the space that is taken.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  BitMasks,
  Invalid,
  NotFound,
  StoreMetadataNotSupported,
  StoreResumeNotSupported,
} from "../mod.ts";
import { MIB, pattern, streamOf } from "./data.ts";
import { type Rule, RW } from "./suite.ts";

/** The rules. */
export const propertyRules: readonly Rule[] = [
  {
    name: "add refuses resume if the store cannot resume adds",
    needs: RW,
    async run({ store, id }) {
      const add = () => store.add(id("resumed"), pattern(10), { resume: true });
      if (store.isCapable(BitMasks.RESUME)) await add();
      else {
        await assertRejects(add, StoreResumeNotSupported, "support");
        await assertRejects(() => store.stat(id("resumed")), NotFound);
      }
    },
  },
  {
    name: "add keeps media type, cache control and metadata, and so do copies; or it refuses them",
    needs: RW,
    async run({ store, id }) {
      const properties = {
        contentType: "application/x-qemu-disk",
        cacheControl: "public, max-age=31536000, immutable",
        metadata: { "build-id": "2026-05-01 a=b; c", project: "vitrine" },
      };
      if (!store.isCapable(BitMasks.METADATA)) {
        for (const [name, value] of Object.entries(properties)) {
          await assertRejects(
            () => store.add(id("refused"), pattern(1), { [name]: value }),
            StoreMetadataNotSupported,
            "metadata",
          );
        }
        await assertRejects(() => store.stat(id("refused")), NotFound);
        return;
      }
      for (const [name, size] of [["small", 10], ["large", 6 * MIB]] as const) {
        await store.add(id(name), streamOf(pattern(size)), properties);
        await store.copy(id(name), id(`${name}-copy`));
        await store.rename(id(name), id(`${name}-renamed`));
        for (const kept of [id(`${name}-copy`), id(`${name}-renamed`)]) {
          const { contentType, cacheControl, metadata } = await store.stat(kept);
          assertEquals({ contentType, cacheControl }, {
            contentType: properties.contentType,
            cacheControl: properties.cacheControl,
          });
          for (const [key, text] of Object.entries(properties.metadata)) {
            assertEquals(metadata?.[key], text, `${kept}: ${key}`);
          }
        }
      }
      const malformed: object[] = [
        { contentType: "text" },
        { contentType: "text/plain\r\nx-injected: 1" },
        { cacheControl: "" },
        { metadata: { "": "empty" } },
        { metadata: { Upper: "case" } },
        { metadata: { name: "" } },
        { metadata: { name: "ümlaut" } },
        { metadata: { name: "a\nb" } },
        { metadata: { name: "x".repeat(257) } },
        { metadata: { checksum: "0" } },
        { metadata: { "vitrine-add": "0" } },
        { metadata: "text" },
      ];
      for (const options of malformed) {
        await assertRejects(
          () => store.add(id("malformed"), pattern(1), options),
          Invalid,
          undefined,
          JSON.stringify(options),
        );
      }
      await assertRejects(() => store.stat(id("malformed")), NotFound);
    },
  },
  {
    name: "usage says what is taken and free, or leaves out what is not known",
    needs: RW,
    async run({ store, id }) {
      await store.add(id("taken"), pattern(MIB));
      const usage = await store.usage();
      for (const value of Object.values(usage)) {
        assert(
          Number.isSafeInteger(value) && value >= 0,
          `${value} is no number of bytes or images`,
        );
      }
      // Others may add and remove images in the same place.
      assert(usage.images === undefined || usage.images > 0, "the image is not counted");
    },
  },
];
