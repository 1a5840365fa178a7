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

Deno.test("keys of the options are first, and half of a pair is refused", async () => {
  using _env = environment({ AWS_ACCESS_KEY_ID: "E", AWS_SECRET_ACCESS_KEY: "e" });
  const credentials = new Credentials(settings({ accessKey: "A", secretKey: "b" }));
  assertEquals((await credentials.get())?.accessKey, "A");
  assertThrows(
    () => new S3Store("s3", { host: "h", bucket: "b", secretKey: "hush" }),
    BadStoreConfiguration,
    "accessKey",
  );
});

Deno.test("a function gives keys, and new ones before they end or when they are refused", async () => {
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

Deno.test("a function that failed is asked again", async () => {
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

Deno.test("the environment is next, then a profile of the shared credentials file", async () => {
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

Deno.test("without any keys the error says how to give them; anonymous needs none", async () => {
  using _env = environment({ HOME: "/nonexistent" });
  await assertRejects(() => without().get(), MissingCredentialError, "AWS_ACCESS_KEY_ID");
  assertEquals(await without({ anonymous: true }).get(), undefined);
});

Deno.test("without leave to read the environment there are no keys, and nobody is asked", async () => {
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
