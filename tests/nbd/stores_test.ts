/**
 * Clients read the images of stores that are servers themselves.
 *
 * @module
 */
import { HttpStore } from "@vitrine/vitrine/http";
import { FileStore } from "@vitrine/vitrine/file";
import { SwiftStore } from "@vitrine/vitrine/swift";
import { storeOn } from "../rbd/support.ts";
import { TestBucket } from "../s3/bucket.ts";
import { serviceTest } from "../services/mod.ts";
import { container, emptied, swift } from "../swift/servers.ts";
import { checkSizes } from "./image_rules.ts";

serviceTest("serveNbd: clients read an S3 store's images", ["nbd-clients", "ceph"], async (
  endpoints,
) => {
  await using bucket = new TestBucket(endpoints.ceph["s3"]);
  await checkSizes(bucket.store, endpoints["nbd-clients"]);
});

serviceTest("serveNbd: clients read a Swift store's images", ["nbd-clients", "swift"], async (
  endpoints,
) => {
  const options = { ...swift!, container: container() };
  await using store = new SwiftStore("images", options);
  await checkSizes(store, endpoints["nbd-clients"]);
  await emptied(options);
});

serviceTest("serveNbd: clients read an RBD store's images", ["nbd-clients", "ceph"], async (
  endpoints,
) => {
  await using store = storeOn(endpoints.ceph);
  await checkSizes(store, endpoints["nbd-clients"]);
});

serviceTest("serveNbd: clients read a web server's images", ["nbd-clients", "nginx"], async (
  { nginx, ...endpoints },
) => {
  const root = await Deno.makeTempDir({ dir: nginx["root"], prefix: "nbd-" });
  await Deno.chmod(root, 0o755);
  const baseUrl = `${nginx["url"]}${root.slice(nginx["root"].length + 1)}/`;
  const files = new FileStore("files", { datadir: root });
  await using store = new HttpStore("images", { baseUrl });
  await checkSizes(files, endpoints["nbd-clients"], store);
  await Deno.remove(root, { recursive: true });
});
