/**
 * Random aborts and kills of adds to a file store, and random aborts in memory.
 *
 * @module
 */
import { FileStore } from "@vitrine/vitrine/file";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { litter } from "../file/support.ts";
import { ABORTS, KILLS, soakAborts, type Soaked, soakKills } from "./harness.ts";

const MIB = 1024 * 1024;
const SIZES = [0, 1, 65_536, 4 * MIB - 1, 4 * MIB, 9 * MIB + 1];

async function inDatadir(soak: (soaked: Soaked) => Promise<void>): Promise<void> {
  const datadir = await Deno.makeTempDir();
  const options = { datadir };
  try {
    await soak({
      driver: "file",
      options,
      sizes: SIZES,
      patience: 60,
      open: () => new FileStore("soaked", options),
      leftovers: () => litter(datadir),
    });
  } finally {
    await Deno.remove(datadir, { recursive: true });
  }
}

Deno.test(`FileStore.add: ${ABORTS} random aborts leave whole images and no leftover`, async () => {
  await inDatadir((soaked) => soakAborts(soaked, ABORTS));
});

Deno.test(`FileStore.add: ${KILLS} random kills leave whole images and no leftover`, async () => {
  await inDatadir((soaked) => soakKills({ ...soaked, patience: 300 }, KILLS));
});

Deno.test(`MemoryStore.add: ${ABORTS} random aborts leave whole images and no leftover`, async () => {
  await soakAborts({
    driver: "memory",
    options: {},
    sizes: SIZES,
    patience: 20,
    open: () => new MemoryStore("soaked"),
  }, ABORTS);
});
