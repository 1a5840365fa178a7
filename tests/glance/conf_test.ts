/**
 * glance-api.conf as a configuration of stores.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { BadStoreConfiguration, type Config, openStores } from "../../mod.ts";
import { loadGlanceConf, parseGlanceConf } from "../../config/glance_conf/mod.ts";

function parse(...texts: string[]): Promise<Config> {
  return parseGlanceConf(texts.map((text, i) => ({ path: `${i}.conf`, text }))).then((config) => {
    // Every store has the policy, which has tests of its own.
    for (const store of Object.values(config.stores)) delete store["accept"];
    return config;
  });
}

async function refusal(...texts: string[]): Promise<string> {
  return (await assertRejects(() => parse(...texts), BadStoreConfiguration)).message;
}

/** A section of one file store, after what makes it one. */
function fileStore(...lines: string[]): string {
  return ["[DEFAULT]", "enabled_backends = a:file", "[a]", ...lines].join("\n");
}

Deno.test("parseGlanceConf: makes a store of every backend, with the options of its section", async () => {
  const config = await parse(`
[DEFAULT]
debug = true
enabled_backends = fast:file, web:http, obj:s3,
  ceph:rbd
[glance_store]
default_backend = obj
[fast]
filesystem_store_datadir = /srv/images
filesystem_store_file_perm = 640
filesystem_thin_provisioning = Yes
store_description = "Nearest, 'fast'"
weight = 20
[web]
https_insecure = 0
http_proxy_information = http:10.0.0.1:3128, https:10.0.0.1:1080
[obj]
s3_store_host = https://s3.example.org:9000
s3_store_bucket: images
s3_store_access_key = user
s3_store_secret_key = pa$$s#;'
s3_store_large_object_size = 200
[ceph]
rbd_store_pool = glance
rbd_store_chunk_size = 4
rbd_store_user =
[keystone_authtoken]
no_option_of_ours = at all
`);
  assertEquals(config, {
    default: "obj",
    stores: {
      fast: {
        driver: "file",
        description: "Nearest, 'fast'",
        weight: 20,
        datadir: "/srv/images",
        filePerm: 640,
        thinProvisioning: true,
      },
      web: {
        driver: "http",
        insecure: false,
        proxyInformation: { http: "10.0.0.1:3128", https: "10.0.0.1:1080" },
      },
      obj: {
        driver: "s3",
        host: "https://s3.example.org:9000",
        bucket: "images",
        accessKey: "user",
        secretKey: "pa$s#;'",
        largeObjectSize: 200,
      },
      ceph: { driver: "rbd", chunkSize: 4, pool: "glance" },
    },
  });
});

Deno.test("parseGlanceConf: takes the last value of an option, and all of one that may be repeated", async () => {
  const config = await parse(
    fileStore("filesystem_store_datadirs = /one:10", "filesystem_store_chunk_size = 1"),
    "[A]\nfilesystem_store_datadirs = /two\nfilesystem_store_chunk_size = 2\n" +
      "filesystem_store_chunk_size = 3\nfilesystem_store_datadir =",
  );
  assertEquals(config.stores.a, { driver: "file", datadirs: ["/one:10", "/two"], chunkSize: 3 });
});

Deno.test("parseGlanceConf: takes options that a section lacks from backend_defaults", async () => {
  const config = await parse(
    fileStore("filesystem_store_chunk_size = 1") +
      "\n[backend_defaults]\nfilesystem_store_chunk_size = 2\nfilesystem_store_file_perm = 600\n",
  );
  assertEquals(config.stores.a, { driver: "file", chunkSize: 1, filePerm: 600 });
});

Deno.test("parseGlanceConf: replaces $name by an option of the section or DEFAULT, ${section.name} by another's", async () => {
  const config = await parse(
    "[DEFAULT]\nstate_path = /srv\nimages = $state_path/images\nenabled_backends = a:file\n" +
      "[Paths]\nleaf = x\n" +
      "[a]\nfilesystem_store_datadir = ${images}/${paths.leaf}/$store_description/$$5/\\$6/$7\n" +
      "store_description = d",
  );
  assertEquals(config.stores.a!.datadir, "/srv/images/x/d/$5/$6/$7");
  const loop = await refusal(
    fileStore("store_description = $weight", "weight = ${store_description}"),
  );
  assertEquals(loop, "0.conf:5: [a] weight refers by $ to itself");
});

Deno.test("parseGlanceConf: reserves Glance's own stores", async () => {
  const { stores } = await parse(
    fileStore() + "\n[os_glance_staging_store]\nfilesystem_store_datadir = /srv/staging\n" +
      "[os_glance_tasks_store]\n",
  );
  assertEquals(stores.os_glance_staging_store, {
    driver: "file",
    datadir: "/srv/staging",
    reserved: true,
  });
  assertEquals(stores.os_glance_tasks_store!.datadir, "/var/lib/glance/os_glance_tasks_store");
  const named = await refusal("[DEFAULT]\nenabled_backends = os_glance_tasks_store:file");
  assert(named.startsWith("0.conf:2: [DEFAULT] enabled_backends names os_glance_tasks_store"));
});

Deno.test("parseGlanceConf: reads the older form, with all options in glance_store", async () => {
  assertEquals(
    await parse(
      "[glance_store]\nstores = glance.store.filesystem.Store, http,rbd\ndefault_store = rbd\n" +
        "filesystem_store_datadir = /srv\nrbd_store_pool = p\nswift_store_user = ignored\n",
    ),
    {
      default: "rbd",
      stores: {
        file: { driver: "file", datadir: "/srv" },
        http: { driver: "http" },
        rbd: { driver: "rbd", pool: "p" },
      },
    },
  );
  assertEquals(await parse("[DEFAULT]\ndebug = true\n"), {
    default: "file",
    stores: { file: { driver: "file" }, http: { driver: "http" } },
  });
  assertEquals(
    await refusal("[glance_store]\nstores = http\ndefault_store = file\n"),
    '0.conf:3: [glance_store] default_store is "file", the scheme of no enabled store',
  );
});

Deno.test("parseGlanceConf: keeps a backend without a driver, which openStores reports", async () => {
  const config = await parse(
    "[DEFAULT]\nenabled_backends = a:file,v:vmware,n:no_such_driver\n" +
      "[v]\nvmware_server_host = h\nvmware_server_password = hidden\n[n]\nits_option = 1\n" +
      "[a]\nfilesystem_store_datadir = /srv\n",
  );
  // A driver of that name may come: one that no configuration can load stands for those that do not.
  assertEquals(config.stores.n, { driver: "no_such_driver" });
  await using stores = await openStores(config);
  assertEquals(stores.names, ["a", "v", "n"]);
  assert(stores.failures.get("n")!.message.startsWith('n: unknown driver "no_such_driver"'));
  assert(!stores.failures.has("a"));
});

Deno.test("parseGlanceConf: accepts options that do not apply", async () => {
  const accepted = await parse(
    fileStore(
      "filesystem_store_thread_pool_size = 5",
      "rbd_store_pool = of another driver",
      "os_region_name = of cinder",
      "vitrine_timeout = 5",
    ).replace("vitrine_timeout = 5", "filesystem_store_chunk_size = 5"),
  );
  assertEquals(accepted.stores.a, { driver: "file", chunkSize: 5 });
});

Deno.test("parseGlanceConf: warns of an option that no store knows, with file and line", async () => {
  const warnings: string[] = [];
  const config = await parseGlanceConf([
    { path: "0.conf", text: "# nothing" },
    {
      path: "1.conf",
      text: fileStore("", "filesystem_store_data_dir = /srv", "vitrine_no_such = 1"),
    },
  ], { onWarning: (warning) => warnings.push(warning) });
  assertEquals(Object.keys(config.stores), ["a"]);
  assertEquals(warnings, [
    "1.conf:5: [a] filesystem_store_data_dir is not known to any store: it is ignored",
    "1.conf:6: [a] vitrine_no_such is not known to any store: it is ignored",
  ]);
});

Deno.test("parseGlanceConf: takes <SERVICE DEFAULT> and an empty value for unset", async () => {
  const config = await parse(
    fileStore(
      "filesystem_store_chunk_size = <SERVICE DEFAULT>",
      "filesystem_store_datadir = ",
      "weight = <SERVICE DEFAULT>",
      "filesystem_thin_provisioning=<SERVICE DEFAULT>",
    ),
  );
  assertEquals(config.stores.a, { driver: "file" });
});

Deno.test("parseGlanceConf: refuses what is malformed with file and line, and without secrets", async () => {
  for (
    const [text, message] of [
      [fileStore("filesystem_store_chunk_size = 0x10"), 'is "0x10", not an integer'],
      [fileStore("filesystem_thin_provisioning = maybe"), 'is "maybe", not true or false'],
      [fileStore("filesystem_store_chunk_size = 0"), "from 1"],
      ["[DEFAULT]\nenabled_backends = a\n", "is no list of name:value"],
      ["[DEFAULT]\nenabled_backends = a:file,a:http\n", "names a twice"],
      [fileStore("[glance_store]", "default_backend = b"), "which enabled_backends does not name"],
      ["\n[DEFAULT\n", "0.conf:2: the name of a section does not end with ]"],
      ["[]", "0.conf:1: a section without a name"],
      ["a = 1", "0.conf:1: the option a stands before any section"],
      ["[a]\n  b = 1", "0.conf:2: an indented line with no option before it"],
      ["[a]\n= s3cret", "0.conf:2: a value without a name"],
      ["[a]\ns3cret", "0.conf:2: neither a section, nor a comment, nor an option"],
      [
        "[DEFAULT]\nenabled_backends = o:s3\n[o]\ns3_store_secret_key = a$s3cret",
        "0.conf:4: [o] s3_store_secret_key refers by $ to an option that is not there",
      ],
    ] as const
  ) {
    const said = await refusal(text);
    assert(said.includes(message), said);
    assert(/^0\.conf:\d+: /.test(said) && !said.includes("s3cret"), said);
  }
});

Deno.test("parseGlanceConf: reads options that only Vitrine has, behind vitrine_", async () => {
  const config = await parse(
    "[DEFAULT]\nenabled_backends = w:http\n[w]\nvitrine_allowed_networks = 10.0.0.0/8, fd00::/8\n" +
      "vitrine_base_url = http://10.0.0.1/images/\n",
  );
  assertEquals(config.stores.w, {
    driver: "http",
    baseUrl: "http://10.0.0.1/images/",
    allowedNetworks: ["10.0.0.0/8", "fd00::/8"],
  });
});

Deno.test("loadGlanceConf: reads files in their order, then directories by name", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const write = (name: string, chunkSize: number) =>
      Deno.writeTextFile(
        join(folder, name),
        fileStore(`filesystem_store_chunk_size = ${chunkSize}`),
      );
    await Deno.mkdir(join(folder, "conf.d"));
    await write("first.conf", 1);
    await write("conf.d/10.conf", 2);
    await write("conf.d/9.conf", 3);
    await write("conf.d/.hidden.conf", 4);
    await write("conf.d/z.conf.bak", 5);
    const files = [join(folder, "first.conf")];
    const directories = [join(folder, "conf.d")];
    assertEquals((await loadGlanceConf({ files })).stores.a!.chunkSize, 1);
    assertEquals((await loadGlanceConf({ files, directories })).stores.a!.chunkSize, 3);

    const missing = join(folder, "missing.conf");
    const error = await assertRejects(
      () => loadGlanceConf({ files: [missing] }),
      BadStoreConfiguration,
    );
    assertEquals(error.message, `${missing}: cannot be read: ENOENT`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("loadGlanceConf: finds a relative swift_store_config_file beside the files", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const files = [join(folder, "glance-api.conf")];
    const text = (name: string) =>
      "[DEFAULT]\nenabled_backends = s:swift\n[s]\n" + `swift_store_config_file = ${name}\n`;
    await Deno.writeTextFile(join(folder, "accounts.conf"), "[ref1]\n");
    for (
      const [name, found] of [
        ["accounts.conf", join(folder, "accounts.conf")],
        ["/etc/no/such.conf", "/etc/no/such.conf"],
        ["missing.conf", "missing.conf"],
      ] as const
    ) {
      await Deno.writeTextFile(files[0]!, text(name));
      assertEquals((await loadGlanceConf({ files })).stores.s!.configFile, found);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("parseGlanceConf: [image_format] is the policy of the stores", async () => {
  const policies = async (imageFormat: string) => {
    const text =
      `[DEFAULT]\nenabled_backends = a:file, b:file\n[a]\n[b]\nvitrine_accept = qcow2\n` +
      `[os_glance_staging_store]\n[image_format]\n${imageFormat}`;
    const { stores } = await parseGlanceConf([{ path: "glance-api.conf", text }]);
    return [stores.a!.accept, stores.b!.accept, stores.os_glance_staging_store!.accept];
  };
  const own = { formats: ["qcow2"] };
  assertEquals(await policies(""), [{ unsafe: false, oddTables: false }, own, undefined]);
  assertEquals(await policies("gpt_safety_checks_nonfatal = true\n"), [
    { unsafe: false },
    own,
    undefined,
  ]);
  assertEquals(await policies("require_image_format_match = False\n"), [
    { unsafe: false, oddTables: false, mismatch: true },
    own,
    undefined,
  ]);
  await assertRejects(
    () => policies("require_image_format_match = perhaps\n"),
    BadStoreConfiguration,
    "[image_format] require_image_format_match",
  );
});
