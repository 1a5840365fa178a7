/**
 * Keystone v3 on SQLite, and a second proxy of the `swift` service that asks it: project `blue` is `alice`'s,
 * project `green` is `bob`'s, and `admin` may do everything. All are of the domain `Default`.
 *
 * @module
 */

import { endpointsOf } from "./lifecycle.ts";
import { freePorts } from "./ports.ts";
import { daemon, responds, run, until } from "./processes.ts";
import { type Endpoints, hasPrograms, type Service } from "./service.ts";
import { startProxy } from "./swift.ts";

const ADMIN = { name: "admin", password: "secret-admin", project: "admin" };
const REGION = "RegionOne";

/** Keystone, and Swift behind it. */
export const keystone: Service = {
  name: "keystone",
  packages: ["keystone", "uwsgi-core", "uwsgi-plugin-python3", "python3-keystonemiddleware"],
  needs: ["swift"],
  installed: () => hasPrograms("keystone-manage", "keystone-wsgi-public", "uwsgi"),
  start: startKeystone,
  healthy: async ({ authUrl, url }) =>
    await responds(authUrl) && await responds(`${url}/healthcheck`),
};

async function startKeystone(directory: string): Promise<Endpoints> {
  const [port, proxyPort] = freePorts(2);
  const authUrl = `http://127.0.0.1:${port}/v3`;
  const conf = `${directory}/keystone.conf`;
  const database = `${directory}/keystone.db`;
  await Deno.writeTextFile(conf, configuration(directory, database));
  for (const repository of ["tokens", "credentials"]) {
    await createKeys(`${directory}/${repository}`);
  }
  // Both programs take seconds to load, so they do that while the database is made.
  daemon(directory, "uwsgi", [
    // One thread, and a router in front that waits for slow clients. It closes each connection after one request and must say so.
    ...["--plugin", "python3,http", "--http", `127.0.0.1:${port}`],
    ...["--add-header", "Connection: close"],
    ...["--need-app", "--wsgi-file", "/usr/bin/keystone-wsgi-public"],
  ], { OS_KEYSTONE_CONFIG_FILES: conf });
  const { rings, memcachedPort } = endpointsOf("swift")!;
  const url = await startProxy(directory, {
    port: proxyPort!,
    rings,
    memcachedPort,
    auth: "authtoken keystoneauth",
    authSections: `[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
www_authenticate_uri = ${authUrl}
auth_url = ${authUrl}
auth_type = password
project_domain_id = default
user_domain_id = default
project_name = ${ADMIN.project}
username = ${ADMIN.name}
password = ${ADMIN.password}
delay_auth_decision = true
cache = swift.cache
[filter:keystoneauth]
use = egg:swift#keystoneauth
operator_roles = admin, member
`,
  });
  await bootstrap(conf, database, authUrl);
  await until("keystone", directory, () => responds(authUrl));
  await until("swift-proxy-server", directory, () => responds(`${url}/healthcheck`));

  const api = await signIn(authUrl);
  const { service } = await api("POST", "services", {
    service: { type: "object-store", name: "swift" },
  });
  for (const face of ["public", "internal", "admin"]) {
    await api("POST", "endpoints", {
      endpoint: {
        service_id: service.id,
        region_id: REGION,
        interface: face,
        url: `${url}/v1/AUTH_$(project_id)s`,
      },
    });
  }
  return {
    authUrl,
    url,
    region: REGION,
    domain: { id: "default", name: "Default" },
    admin: ADMIN,
    alice: await createUser(api, "alice", "blue"),
    bob: await createUser(api, "bob", "green"),
  };
}

/** Makes a repository of two Fernet keys, the next and the current. */
async function createKeys(repository: string): Promise<void> {
  await Deno.mkdir(repository, { mode: 0o700 });
  for (const name of ["0", "1"]) {
    const key = crypto.getRandomValues(new Uint8Array(32));
    const text = key.toBase64({ alphabet: "base64url" });
    await Deno.writeTextFile(`${repository}/${name}`, text, { mode: 0o600 });
  }
}

/** Runs keystone-manage's commands in forks of one Python, since loading takes longer than any of them. */
const MANAGE = `
import json, os, sqlite3, sys
from keystone.cmd import cli
# Keystone leaves readers open, which lock out a writer but in this mode.
sqlite3.connect(sys.argv[1]).execute("pragma journal_mode = wal")
for args in json.loads(sys.argv[2]):
    child = os.fork()
    if child == 0:
        sys.exit(cli.main(args))
    if os.waitpid(child, 0)[1] != 0:
        sys.exit(f"{args} failed")
`;

async function bootstrap(conf: string, database: string, authUrl: string): Promise<void> {
  const commands = [
    ["db_sync"],
    [
      "bootstrap",
      ...["--bootstrap-username", ADMIN.name, "--bootstrap-password", ADMIN.password],
      ...["--bootstrap-project-name", ADMIN.project, "--bootstrap-region-id", REGION],
      ...["--bootstrap-public-url", authUrl, "--bootstrap-internal-url", authUrl],
    ],
  ].map((command) => ["keystone-manage", "--config-file", conf, ...command]);
  await run("python3", ["-c", MANAGE, database, JSON.stringify(commands)]);
}

// deno-lint-ignore no-explicit-any -- Keystone's JSON
type Api = (method: string, path: string, body?: unknown) => Promise<any>;

async function signIn(authUrl: string): Promise<Api> {
  const domain = { id: "default" };
  const request: Api = async (method, path, body) => {
    const response = await fetch(`${authUrl}/${path}`, {
      method,
      headers: { "content-type": "application/json", "x-auth-token": token ?? "" },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`Keystone: ${method} ${path}: ${response.status} ${text}`);
    token ??= response.headers.get("x-subject-token");
    return text && JSON.parse(text);
  };
  let token: string | null = null;
  await request("POST", "auth/tokens", {
    auth: {
      identity: {
        methods: ["password"],
        password: { user: { name: ADMIN.name, password: ADMIN.password, domain } },
      },
      scope: { project: { name: ADMIN.project, domain } },
    },
  });
  return request;
}

async function createUser(api: Api, name: string, project: string): Promise<Endpoints> {
  const password = `secret-${name}`;
  const { project: { id: projectId } } = await api("POST", "projects", {
    project: { name: project, domain_id: "default" },
  });
  const { user: { id } } = await api("POST", "users", {
    user: { name, password, domain_id: "default" },
  });
  const { roles: [member] } = await api("GET", "roles?name=member");
  await api("PUT", `projects/${projectId}/users/${id}/roles/${member.id}`);
  return { id, name, password, project, projectId };
}

function configuration(directory: string, database: string): string {
  return `[DEFAULT]
use_stderr = true
[database]
connection = sqlite:///${database}
[cache]
backend = dogpile.cache.memory_pickle
[token]
provider = fernet
[fernet_tokens]
key_repository = ${directory}/tokens
[fernet_receipts]
key_repository = ${directory}/tokens
[credential]
key_repository = ${directory}/credentials
[identity]
password_hash_rounds = 4
`;
}
