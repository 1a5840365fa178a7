/**
 * Where keys come from, and what happens when they end.
 *
 * @module
 */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Credentials } from "../../drivers/s3/credentials.ts";
import { type S3Options, S3Store } from "../../drivers/s3/mod.ts";
import { BadStoreConfiguration, MissingCredentialError } from "../../mod.ts";
import { clockAt } from "./clock.ts";
import { settings } from "./settings.ts";

/** Neither of the keys is in the options. */
function without(options: Partial<S3Options> = {}): Credentials {
  const { accessKey: _a, secretKey: _s, ...rest } = settings(options);
  return new Credentials(rest as ReturnType<typeof settings>);
}

/** Sets variables of the environment, all of Amazon's others gone, until disposed. */
function environment(variables: Record<string, string>): Disposable {
  const before = Deno.env.toObject();
  for (const name of Object.keys(before)) if (name.startsWith("AWS_")) Deno.env.delete(name);
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  return {
    [Symbol.dispose]() {
      for (const name of Object.keys(variables)) Deno.env.delete(name);
      for (const [name, value] of Object.entries(before)) Deno.env.set(name, value);
    },
  };
}

const FILE = `
# keys with what INI takes for comments
[default]
aws_access_key_id = DEFAULT
aws_secret_access_key = a;b#c=d/e+f

[ work ]
aws_access_key_id=WORK
aws_secret_access_key=w
aws_session_token = token
[half]
aws_access_key_id = HALF
`;

Deno.test("Credentials: keys of the options are first, and half of a pair is refused", async () => {
  using _env = environment({ AWS_ACCESS_KEY_ID: "E", AWS_SECRET_ACCESS_KEY: "e" });
  const credentials = new Credentials(settings({ accessKey: "A", secretKey: "b" }));
  assertEquals((await credentials.get())?.accessKey, "A");
  assertThrows(
    () => new S3Store("s3", { host: "h", bucket: "b", secretKey: "hush" }),
    BadStoreConfiguration,
    "accessKey",
  );
});

Deno.test("Credentials: a function gives keys, and new ones before they end or when they are refused", async () => {
  let given = 0;
  const credentials = without({
    credentials: () => ({
      accessKey: `A${++given}`,
      secretKey: "b",
      expiration: new Date(Date.now() + 600_000),
    }),
  });
  const now = Date.now();
  assertEquals((await credentials.get())?.accessKey, "A1");
  assertEquals((await credentials.get())?.accessKey, "A1");
  {
    using _clock = clockAt(now + 550_000);
    assertEquals((await credentials.get())?.accessKey, "A2");
  }
  assertEquals(credentials.refresh(), true);
  assertEquals((await credentials.get())?.accessKey, "A3");
});

Deno.test("Credentials: a function that failed is called again", async () => {
  let failing = true;
  const credentials = without({
    credentials() {
      if (failing) throw new Error("the service is away");
      return { accessKey: "A", secretKey: "b" };
    },
  });
  await assertRejects(() => credentials.get(), Error, "away");
  failing = false;
  assertEquals((await credentials.get())?.accessKey, "A");
});

Deno.test("Credentials: the environment is next, then a profile of the shared credentials file", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, FILE);
    const file = { AWS_SHARED_CREDENTIALS_FILE: path };
    const keys = { AWS_ACCESS_KEY_ID: "E", AWS_SECRET_ACCESS_KEY: "e", AWS_SESSION_TOKEN: "t" };
    const fromEnvironment = { accessKey: "E", secretKey: "e", sessionToken: "t" };
    const fromWork = { accessKey: "WORK", secretKey: "w", sessionToken: "token" };
    {
      using _env = environment({ ...file, ...keys });
      assertEquals(await without().get(), fromEnvironment);
      assertEquals(await without({ profile: "work" }).get(), fromWork);
    }
    {
      using _env = environment({ ...file, AWS_PROFILE: "work" });
      assertEquals(await without().get(), fromWork);
    }
    using _env = environment(file);
    assertEquals(await without().get(), {
      accessKey: "DEFAULT",
      secretKey: "a;b#c=d/e+f",
      sessionToken: undefined,
    });
    for (const profile of ["half", "none"]) {
      await assertRejects(() => without({ profile }).get(), MissingCredentialError);
    }
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("Credentials: without any keys the error says how to configure them; anonymous needs none", async () => {
  using _env = environment({ HOME: "/nonexistent" });
  await assertRejects(() => without().get(), MissingCredentialError, "AWS_ACCESS_KEY_ID");
  assertEquals(await without({ anonymous: true }).get(), undefined);
});

Deno.test("Credentials: without permission for the environment there are no keys and no prompt", async () => {
  const module = new URL("../../drivers/s3/default_credentials.ts", import.meta.url).href;
  const code = `const { defaultCredentials } = await import(${JSON.stringify(module)});
    console.log(await defaultCredentials(undefined));`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(code));
  await writer.close();
  const { stdout, stderr } = await child.output();
  assertEquals(new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr), "undefined\n");
});

/** A service that hands out keys, and what it was sent. */
function service(
  reply: (request: Request, body: string) => Response,
): AsyncDisposable & { url: string; seen: string[] } {
  const seen: string[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const body = await request.text();
    seen.push(`${request.method} ${new URL(request.url).pathname} ${body}`);
    return reply(request, body);
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  return { url, seen, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** A process that every source has keys for, in the order in which they count. */
async function everySource(
  expires: () => string,
): Promise<AsyncDisposable & { remove(): string; variables: Record<string, string> }> {
  const stack = new AsyncDisposableStack();
  const directory = stack.use(
    await files({
      token: "token",
      config: "[default]\naws_access_key_id = PROFILE\naws_secret_access_key = p\n",
    }),
  );
  let given = 0;
  const keys = (key: string) => ({
    AccessKeyId: `${key}${++given}`,
    SecretAccessKey: "s",
    Token: "t",
    Expiration: expires(),
  });
  const sts = stack.use(service(() => {
    const { AccessKeyId, SecretAccessKey, Expiration } = keys("WEB");
    return new Response(
      "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>" +
        `<AccessKeyId>${AccessKeyId}</AccessKeyId>` +
        `<SecretAccessKey>${SecretAccessKey}</SecretAccessKey>` +
        `<Expiration>${Expiration}</Expiration></Credentials>` +
        "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>",
    );
  }));
  const container = stack.use(service(() => Response.json(keys("CONTAINER"))));
  const machine = stack.use(service((request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/latest/api/token") return new Response("session");
    return pathname.endsWith("/") ? new Response("role") : Response.json(keys("MACHINE"));
  }));
  const steps: [source: string, variable: string, value: string][] = [
    ["ENVIRONMENT", "AWS_ACCESS_KEY_ID", "ENVIRONMENT"],
    ["WEB", "AWS_WEB_IDENTITY_TOKEN_FILE", `${directory.path}/token`],
    ["PROFILE", "AWS_CONFIG_FILE", `${directory.path}/config`],
    ["CONTAINER", "AWS_CONTAINER_CREDENTIALS_FULL_URI", container.url],
    ["MACHINE", "AWS_EC2_METADATA_SERVICE_ENDPOINT", machine.url],
  ];
  const variables = {
    ...Object.fromEntries(steps.map(([, variable, value]) => [variable, value])),
    AWS_SECRET_ACCESS_KEY: "e",
    AWS_ROLE_ARN: "arn:aws:iam::1:role/images",
    AWS_ENDPOINT_URL_STS: sts.url,
    AWS_SHARED_CREDENTIALS_FILE: "/nowhere",
  };
  return {
    variables,
    /** Takes the first source away, and returns its name. */
    remove() {
      const [source, variable] = steps.shift()!;
      // Not to nothing: then the file would be that of the home.
      Deno.env.set(variable, variable === "AWS_CONFIG_FILE" ? "/nowhere" : "");
      if (source === "MACHINE") Deno.env.set("AWS_EC2_METADATA_DISABLED", "true");
      return source;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

Deno.test("Credentials: sources are tried in the order of Amazon's SDKs", async () => {
  await using sources = await everySource(() => EXPIRES);
  using _env = environment({ ...sources.variables, AWS_EC2_METADATA_DISABLED: "" });
  const order: string[] = [];
  for (let left = 5; left > 0; left--) {
    const key = (await without().get())!.accessKey.replace(/\d$/, "");
    assertEquals(key, sources.remove());
    order.push(key);
  }
  assertEquals(order, ["ENVIRONMENT", "WEB", "PROFILE", "CONTAINER", "MACHINE"]);
  await assertRejects(() => without().get(), MissingCredentialError);
});

Deno.test("Credentials: what a service hands out is renewed before it ends", async () => {
  await using sources = await everySource(() => new Date(Date.now() + 30_000).toISOString());
  using _env = environment({ ...sources.variables, AWS_EC2_METADATA_DISABLED: "" });
  for (const source of ["ENVIRONMENT", "WEB", "PROFILE", "CONTAINER", "MACHINE"]) {
    const credentials = without();
    const first = (await credentials.get())!.accessKey;
    const isRenewed = (await credentials.get())!.accessKey !== first;
    assertEquals(isRenewed, ["WEB", "CONTAINER", "MACHINE"].includes(source), source);
    sources.remove();
  }
});

Deno.test("Credentials: keys that cannot be renewed yet are used until they end", async () => {
  let calls = 0;
  const now = Date.now();
  const credentials = without({
    credentials() {
      if (++calls > 1 && calls < 4) throw new Error("the service is away");
      return { accessKey: `A${calls}`, secretKey: "b", expiration: new Date(Date.now() + 600_000) };
    },
  });
  assertEquals((await credentials.get())?.accessKey, "A1");
  {
    using _clock = clockAt(now + 570_000);
    assertEquals((await credentials.get())?.accessKey, "A1");
  }
  using _clock = clockAt(now + 601_000);
  await assertRejects(() => credentials.get(), Error, "away");
  assertEquals((await credentials.get())?.accessKey, "A4");
});

const EXPIRES = "2099-01-01T00:00:00Z";
const roleKeys = (action: string) =>
  new Response(
    `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result>` +
      "<Credentials><AccessKeyId>ROLE</AccessKeyId><SecretAccessKey>r</SecretAccessKey>" +
      `<SessionToken>t</SessionToken><Expiration>${EXPIRES}</Expiration></Credentials>` +
      `</${action}Result></${action}Response>`,
  );
const jsonKeys = (key: string) =>
  Response.json({ AccessKeyId: key, SecretAccessKey: "s", Token: "t", Expiration: EXPIRES });

/** A directory with these files. */
async function files(texts: Record<string, string>): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir();
  for (const [name, text] of Object.entries(texts)) {
    await Deno.writeTextFile(`${path}/${name}`, text);
  }
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

Deno.test("Credentials: a web identity assumes its role without a signature", async () => {
  await using directory = await files({ token: "the token\n" });
  await using sts = service((request) => {
    assertEquals(request.headers.get("authorization"), null);
    return roleKeys("AssumeRoleWithWebIdentity");
  });
  using _env = environment({
    AWS_ROLE_ARN: "arn:aws:iam::1:role/images",
    AWS_WEB_IDENTITY_TOKEN_FILE: `${directory.path}/token`,
    AWS_ENDPOINT_URL_STS: sts.url,
  });
  const keys = await without().get();
  assertEquals(keys, {
    accessKey: "ROLE",
    secretKey: "r",
    sessionToken: "t",
    expiration: new Date(EXPIRES),
  });
  const form = new URLSearchParams(sts.seen[0]!.split(" ")[2]);
  assertEquals(form.get("WebIdentityToken"), "the token");
  assertEquals(form.get("RoleArn"), "arn:aws:iam::1:role/images");
});

Deno.test("Credentials: a profile assumes its role with the keys of its source", async () => {
  await using directory = await files({
    config: "[profile images]\nrole_arn = arn:aws:iam::1:role/images\nsource_profile = base\n" +
      "external_id = x\n",
    credentials: "[base]\naws_access_key_id = BASE\naws_secret_access_key = b\n",
  });
  await using sts = service((request) => {
    assertEquals(/Credential=BASE\/.*\/sts\//.test(request.headers.get("authorization")!), true);
    return roleKeys("AssumeRole");
  });
  using _env = environment({
    AWS_CONFIG_FILE: `${directory.path}/config`,
    AWS_SHARED_CREDENTIALS_FILE: `${directory.path}/credentials`,
    AWS_ENDPOINT_URL_STS: sts.url,
  });
  assertEquals((await without({ profile: "images" }).get())?.accessKey, "ROLE");
  assertEquals(new URLSearchParams(sts.seen[0]!.split(" ")[2]).get("ExternalId"), "x");
});

Deno.test("Credentials: a profile's program prints keys", async () => {
  const printed = JSON.stringify({ Version: 1, AccessKeyId: "PROC", SecretAccessKey: "p" });
  await using directory = await files({ keys: printed });
  await Deno.writeTextFile(
    `${directory.path}/config`,
    `[default]\ncredential_process = cat "${directory.path}/keys"\n[profile bad]\n` +
      "credential_process = false\n",
  );
  using _env = environment({
    AWS_CONFIG_FILE: `${directory.path}/config`,
    AWS_SHARED_CREDENTIALS_FILE: "/nowhere",
  });
  assertEquals((await without().get())?.accessKey, "PROC");
  await assertRejects(
    () => without({ profile: "bad" }).get(),
    MissingCredentialError,
    "credential_process failed",
  );
});

Deno.test("Credentials: a container's service is sent its token, and only to this machine", async () => {
  await using directory = await files({ token: "pod token" });
  await using container = service((request) =>
    request.headers.get("authorization") === "pod token"
      ? jsonKeys("POD")
      : new Response(null, { status: 401 })
  );
  const variables = {
    AWS_SHARED_CREDENTIALS_FILE: "/nowhere",
    AWS_CONFIG_FILE: "/nowhere",
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${container.url}/v1/credentials`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: `${directory.path}/token`,
  };
  {
    using _env = environment(variables);
    assertEquals((await without().get())?.accessKey, "POD");
  }
  using _env = environment({
    ...variables,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://keys.example.org/",
  });
  await assertRejects(() => without().get(), MissingCredentialError, "not of this machine");
});

Deno.test("Credentials: a machine's service is used with a session token (IMDSv2)", async () => {
  await using machine = service((request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/latest/api/token") return new Response("session");
    if (request.headers.get("x-aws-ec2-metadata-token") !== "session") {
      return new Response(null, { status: 401 });
    }
    return pathname.endsWith("/security-credentials/") ? new Response("images") : jsonKeys("EC2");
  });
  const variables = {
    AWS_SHARED_CREDENTIALS_FILE: "/nowhere",
    AWS_CONFIG_FILE: "/nowhere",
    AWS_EC2_METADATA_SERVICE_ENDPOINT: machine.url,
  };
  {
    using _env = environment(variables);
    assertEquals((await without().get())?.accessKey, "EC2");
    assertEquals(machine.seen.map((line) => line.split(" ")[0]), ["PUT", "GET", "GET"]);
  }
  using _env = environment({ ...variables, AWS_EC2_METADATA_DISABLED: "true" });
  await assertRejects(() => without().get(), MissingCredentialError, "no keys");
});

Deno.test("S3Store: AWS_ENDPOINT_URL_S3 stands in for the host", () => {
  using _env = environment({ AWS_ENDPOINT_URL_S3: "https://s3.example.org" });
  const store = new S3Store("s3", { bucket: "b", anonymous: true });
  assertEquals(store.name, "s3");
  Deno.env.delete("AWS_ENDPOINT_URL_S3");
  assertThrows(() => new S3Store("s3", { bucket: "b" }), BadStoreConfiguration, "host");
});
