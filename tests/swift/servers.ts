/**
 * The Swift servers that run here, as options of stores, and raw requests to them: what a test looks
 * at without the driver.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { SwiftOptions } from "@vitrine/vitrine/swift";
import { type Endpoints, service } from "../services/mod.ts";

const [swiftAt, keystoneAt, cephAt] = await Promise.all(["swift", "keystone", "ceph"].map(service));

/** Swift with tempauth. */
export const swift: SwiftOptions | undefined = swiftAt && {
  ...{ authVersion: "1", authAddress: swiftAt.authUrl, user: swiftAt.user, key: swiftAt.key },
  createContainerOnPut: true,
};

/** Swift with Keystone, as alice of the project blue. */
export const keystone: SwiftOptions | undefined = keystoneAt && {
  ...asUser(keystoneAt, keystoneAt.alice),
  createContainerOnPut: true,
};

/** radosgw. */
export const ceph: SwiftOptions | undefined = cephAt && {
  ...{ authVersion: "1", authAddress: cephAt.swift.authUrl, user: cephAt.swift.user },
  ...{ key: cephAt.swift.key, tempUrlDigest: "sha1", createContainerOnPut: true },
};

/** The options to log in at Keystone as a user. */
export function asUser({ authUrl }: Endpoints, user: Endpoints): SwiftOptions {
  return { authAddress: authUrl, user: `${user.project}:${user.name}`, key: user.password };
}

/** A container that no other test uses. */
export function container(): string {
  return `vitrine-${crypto.randomUUID().slice(0, 12)}`;
}

/** Requests to one account as one user. */
export interface Account {
  /** URL of the account. */
  url: string;
  /** The token. */
  token: string;
  /** The service catalog, if it is Keystone's. */
  catalog?: unknown[];
  /** Sends a request; the path begins with a slash, or is empty. */
  send(method: string, path?: string, headers?: Record<string, string>, body?: BodyInit): Promise<
    { status: number; headers: Headers; text: string }
  >;
  /** Names of a container's objects, or of the account's containers. */
  names(container?: string): Promise<string[]>;
}

/** Logs in without the driver. */
export async function account(options: SwiftOptions): Promise<Account> {
  const { token, url, catalog } = options.authVersion === "1"
    ? await loginV1(options)
    : await loginV3(options);
  const send: Account["send"] = async (method, path = "", headers = {}, body) => {
    const response = await fetch(url + path, {
      method,
      headers: { "x-auth-token": token, ...headers },
      ...(body === undefined ? {} : { body }),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  return {
    url,
    token,
    send,
    ...(catalog ? { catalog } : {}),
    async names(container) {
      const path = container === undefined ? "" : `/${container}`;
      const { status, text } = await send("GET", `${path}?format=json`);
      if (status === 404) return [];
      assertEquals(status, 200);
      return JSON.parse(text).map(({ name }: { name: string }) => name);
    },
  };
}

interface Login {
  token: string;
  url: string;
  catalog?: unknown[];
}

async function loginV1({ authAddress, user, key }: SwiftOptions): Promise<Login> {
  const response = await fetch(authAddress!, {
    headers: { "x-auth-user": user!, "x-auth-key": key! },
  });
  await response.body?.cancel();
  const { headers } = response;
  return { token: headers.get("x-auth-token")!, url: headers.get("x-storage-url")! };
}

async function loginV3({ authAddress, user, key }: SwiftOptions): Promise<Login> {
  const [project, name] = user!.split(":");
  const domain = { id: "default" };
  const response = await fetch(`${authAddress}/auth/tokens`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      auth: {
        identity: { methods: ["password"], password: { user: { name, password: key, domain } } },
        scope: { project: { name: project, domain } },
      },
    }),
  });
  const { token: { catalog } } = await response.json();
  const swift = catalog.find(({ type }: { type: string }) => type === "object-store");
  const url = swift.endpoints.find((one: { interface: string }) => one.interface === "public").url;
  return { token: response.headers.get("x-subject-token")!, url, catalog };
}

/** Deletes a test's containers, and fails if anything of an image is left in them. */
export async function emptied(options: SwiftOptions): Promise<void> {
  const { names, send } = await account(options);
  for (const name of (await names()).filter((name) => name.startsWith(options.container!))) {
    const objects = await names(name);
    for (const object of objects) {
      await send("DELETE", `/${name}/${object.split("/").map(encodeURIComponent).join("/")}`);
    }
    await send("DELETE", `/${name}`);
  }
}
