/**
 * `vitrine acl`: shows or replaces who may read and write an image.
 *
 * @module
 */
import { type Command, UsageError } from "../command.ts";
import { parseTreePath } from "../place.ts";

/** `vitrine acl`. */
export const acl: Command = {
  operands: "get|set PATH",
  count: [2, 2],
  description: "set denies what is left out.",
  options: [
    { name: "public", help: "everybody may read, without a token too" },
    {
      name: "read",
      value: "TENANT",
      repeated: true,
      help: "a tenant that may read; * is every tenant",
    },
    {
      name: "write",
      value: "TENANT",
      repeated: true,
      help: "a tenant that may remove the image and add it again",
    },
  ],
  candidates: ["get", "set"],
  examples: ["vitrine acl set --read 3f1c7f0e8a5d4b6c9e2a /shared/disk.qcow2"],
  async run(session, args) {
    const { out, json } = session;
    const [action, operand] = args.operands as [string, string];
    const path = parseTreePath(operand);
    const acls = {
      public: args.has("public"),
      readTenants: args.values("read"),
      writeTenants: args.values("write"),
    };
    const isAnySet = acls.public || acls.readTenants.length + acls.writeTenants.length > 0;
    if (action !== "set" && (action !== "get" || isAnySet)) {
      throw new UsageError("acl takes get PATH, or set with options and PATH");
    }
    const tree = await session.vfs();
    if (action === "set") await tree.setAcls(path, acls, session.options);
    const current = await tree.getAcls(path, session.options);
    if (json) return await out.json(current);
    await out.table([
      ["public", current.public ? "yes" : "no"],
      ["read", current.readTenants.join(", ") || "-"],
      ["write", current.writeTenants.join(", ") || "-"],
    ]);
  },
};
