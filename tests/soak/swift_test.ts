/**
 * Random aborts and kills on Swift, of images of one `PUT` and of segments.
 *
 * @module
 */
import { SwiftStore } from "../../drivers/swift/mod.ts";
import { serviceTest } from "../services/mod.ts";
import { account, container, emptied, swift } from "../swift/servers.ts";
import { ABORTS, KILLS, soakAborts, type Soaked, soakKills } from "./harness.ts";

async function soak(run: (soaked: Soaked) => Promise<void>): Promise<void> {
  const options = {
    ...swift!,
    container: container(),
    largeObjectSize: 1,
    largeObjectChunkSize: 1,
    concurrency: 2,
  };
  try {
    await run({
      driver: "swift",
      options,
      sizes: [1, 500_000, 3_500_000],
      patience: 700,
      open: () => new SwiftStore("soaked", options),
      leftovers: async () => await (await account(options)).names(options.container),
    });
  } finally {
    await emptied(options);
  }
}

serviceTest(
  `SwiftStore.add: ${ABORTS} random aborts leave no half image and no segment`,
  "swift",
  () => soak((soaked) => soakAborts(soaked, ABORTS)),
);

serviceTest(
  `SwiftStore.add: ${KILLS} random kills leave no half image, and gc no segment`,
  "swift",
  () => soak((soaked) => soakKills(soaked, KILLS)),
);
