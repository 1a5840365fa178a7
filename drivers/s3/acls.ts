/**
 * ACLs of objects as grants (https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html).
 *
 * @module
 */
import { BackendException, StoreAclsNotSupported } from "../../errors/mod.ts";
import type { Acls } from "../../store/types.ts";
import type { S3Client } from "./client.ts";
import { getErrorCode } from "./fault.ts";
import { sendForXml } from "./xml_request.ts";

const EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers";
const EVERY_USER = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";

/**
 * Reads the ACLs of an object, and whose it is.
 *
 * @param client The client of the bucket.
 * @param key The key of the object.
 * @param signal Ends the request.
 * @returns The ACLs, and the canonical user id of the owner.
 * @throws {StoreAclsNotSupported} If the server has no ACLs.
 * @throws {BackendException} If the response has no owner or no list of grants.
 */
export async function readAcls(
  client: S3Client,
  key: string,
  signal: AbortSignal | undefined,
): Promise<{ acls: Acls; owner: string }> {
  const root = await refused(
    sendForXml(client, { root: "AccessControlPolicy", key, query: { acl: "" }, signal }),
  );
  const owner = root.all("Owner")[0]?.text("ID") ?? "";
  if (owner === "" || root.all("AccessControlList").length === 0) {
    throw new BackendException("the server sent ACLs without an owner or without a list of grants");
  }
  const grants = (root.all("AccessControlList")[0]?.all("Grant") ?? []).map((grant) => {
    const grantee = grant.all("Grantee")[0];
    return {
      who: grantee?.text("URI") || grantee?.text("ID") || "",
      permission: grant.text("Permission"),
    };
  });
  const readers = grants
    .filter(({ permission }) => permission === "READ" || permission === "FULL_CONTROL")
    .map(({ who }) => who);
  const tenants = readers.filter((who) => ![owner, EVERYBODY, EVERY_USER, ""].includes(who));
  return {
    owner,
    acls: {
      public: readers.includes(EVERYBODY),
      readTenants: [...(readers.includes(EVERY_USER) ? ["*"] : []), ...tenants],
      writeTenants: [],
    },
  };
}

/**
 * Replaces the ACLs of an object. Tenants are canonical user ids; `*` is everybody who has an account.
 *
 * @param client The client of the bucket.
 * @param key The key of the object.
 * @param acls The new ACLs.
 * @param signal Ends the requests.
 * @throws {StoreAclsNotSupported} If the server or the bucket has no ACLs, or another tenant is to write:
 * S3 lets nobody write a single object but its owner.
 * @throws {BackendException} If the server does not say afterwards what it was sent.
 */
export async function writeAcls(
  client: S3Client,
  key: string,
  acls: Acls,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (acls.writeTenants.length > 0) {
    throw new StoreAclsNotSupported("S3 cannot let another tenant write one image");
  }
  const { owner } = await readAcls(client, key, signal);
  const readers = [
    ...(acls.public ? [`uri="${EVERYBODY}"`] : []),
    ...acls.readTenants.map((tenant) => {
      if (tenant === "*") return `uri="${EVERY_USER}"`;
      if (/[",\s]/.test(tenant)) throw new StoreAclsNotSupported(`"${tenant}" is no tenant of S3`);
      return `id="${tenant}"`;
    }),
  ];
  const headers: Record<string, string> = readers.length === 0 ? { "x-amz-acl": "private" } : {
    "x-amz-grant-full-control": `id="${owner}"`,
    "x-amz-grant-read": readers.join(", "),
  };
  await refused(client.headers({ method: "PUT", key, query: { acl: "" }, headers, signal }));
  const { acls: now } = await readAcls(client, key, signal);
  const format = ({ public: open, readTenants }: Acls) =>
    JSON.stringify([open, readTenants.filter((tenant) => tenant !== owner).sort()]);
  if (format(now) !== format(acls)) {
    throw new BackendException("the server has other ACLs than it was sent");
  }
}

/** Throws `StoreAclsNotSupported` if the server has no ACLs. */
async function refused<T>(response: Promise<T>): Promise<T> {
  try {
    return await response;
  } catch (error) {
    if (getErrorCode(error) !== "NotImplemented") throw error;
    throw new StoreAclsNotSupported("the server has no ACLs of its own for objects", {
      cause: error,
    });
  }
}
