/**
 * `vitrine acl`: who may do what with an image.
 *
 * @module
 */
import { type Command, Misuse } from "../command.ts";
import { treePath } from "../place.ts";

/** `vitrine acl`. */
export const acl: Command = {
  usage: "acl get PATH | acl set [--public] [--read TENANT]... [--write TENANT]... PATH",
  summary: "show, or replace, who may read and write an image; what is left out is denied",
  options: [
    "--public        everybody reads it, without a token too",
    "--read TENANT   who reads it; * is every tenant; may be repeated",
    "--write TENANT  who may remove it, and add it again; may be repeated",
  ],
  flags: ["public"],
  collect: ["read", "write"],
  operands: [2, 2],
  async run({ vfs, out, json, signal, context }, args) {
    const [action, operand] = args.operands as [string, string];
    const path = treePath(operand);
    const granted = {
      public: args.has("public"),
      readTenants: args.values("read"),
      writeTenants: args.values("write"),
    };
    const grants = granted.public || granted.readTenants.length + granted.writeTenants.length > 0;
    if (action !== "set" && (action !== "get" || grants)) {
      throw new Misuse("acl takes get PATH, or set with what to grant and PATH");
    }
    const tree = await vfs();
    if (action === "set") await tree.setAcls(path, granted, { signal, context });
    const acls = await tree.getAcls(path, { signal, context });
    if (json) return await out.json(acls);
    await out.table([
      ["public", acls.public ? "yes" : "no"],
      ["read", acls.readTenants.join(", ") || "-"],
      ["write", acls.writeTenants.join(", ") || "-"],
    ]);
  },
};
