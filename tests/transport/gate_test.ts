/**
 * The egress gate: which URLs a user may have the program ask for.
 *
 * @module
 */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BadStoreConfiguration, EgressDenied, RemoteServiceUnavailable } from "@vitrine/vitrine";
import { EgressGate } from "../../transport/mod.ts";

const gate = new EgressGate();

const INSIDE = [
  ...["0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255"],
  ...["127.0.0.1", "127.255.255.254", "169.254.0.1", "169.254.169.254", "172.16.0.1"],
  ...["172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1"],
  ...["198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255"],
  ...["240.0.0.1", "255.255.255.255"],
  // The same in other notations.
  ...["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "127.0.1", "0x7f.1", "017700000001"],
  ...["127.0.0.1.", "①②⑦.0.0.1", "127。0。0。1", "%31%32%37.0.0.1"],
  ...["[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"],
  ...["[::ffff:a9fe:a9fe]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::10.0.0.1]"],
  ...["[64:ff9b:1::1]", "[2002:7f00:1::]", "[2002:a00:1::1]", "[fe80::1]", "[fec0::1]"],
  ...["[fc00::1]", "[fd12:3456::1]", "[ff02::1]", "[2001::1]", "[2001:db8::1]", "[100::1]"],
  ...["[3fff::1]", "[4000::1]", "[5f00::1]", "[::ffff:0:127.0.0.1]"],
  ...["localhost", "LOCALHOST", "localhost.", "a.localhost", "printer.local", "intranet"],
  ...["metadata.google.internal", "nas.home.arpa", "local", "internal."],
];

const OUTSIDE = [
  ...["8.8.8.8", "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0"],
  ...["126.255.255.255", "128.0.0.0", "169.253.0.1", "172.15.255.255", "172.32.0.0"],
  ...["192.167.0.1", "192.169.0.1", "198.17.0.1", "198.20.0.1", "223.255.255.255"],
  ...["[2606:4700::1111]", "[2a00::1]", "[2001:4860:4860::8888]", "[::ffff:8.8.8.8]"],
  ...[
    "[64:ff9b::808:808]",
    "[2002:808:808::1]",
    "example.org",
    "example.org.",
    "localhost.example",
  ],
  ...["127.0.0.1.example.org", "mylocalhost.org"],
];

Deno.test("EgressGate: an address inside is refused in every notation", () => {
  for (const host of INSIDE) {
    assertThrows(() => gate.judge(`http://${host}/`), EgressDenied, undefined, host);
    assertThrows(() => gate.judge(`https://${host}:8443/a`), EgressDenied, undefined, host);
  }
});

Deno.test("EgressGate: what lies outside passes", () => {
  for (const host of OUTSIDE) gate.judge(`http://${host}/`);
});

Deno.test("EgressGate: what is no clean http URL is refused", () => {
  for (
    const url of [
      "file:///etc/passwd",
      "ftp://example.org/",
      "gopher://example.org:70/_x",
      "data:,x",
      "blob:http://example.org/1",
      "javascript:alert(1)",
      "http://me@example.org/",
      "http://me:secret@example.org/",
      "http://example.org\\@10.0.0.1/",
      "http://example.org/ x",
      "http://exam\nple.org/",
      "http://example.org/\t",
      " http://example.org/",
      "http://example.org:99999/",
      "http://[::1/",
      "//example.org/",
      "example.org",
      "",
    ]
  ) assertThrows(() => gate.judge(url), EgressDenied, undefined, url);
});

Deno.test("EgressGate: the error shows no secret", () => {
  const error = assertThrows(() => gate.judge("http://me:secret@example.org/?token=abc"));
  assertEquals(/secret|abc/.test((error as Error).message), false);
});

Deno.test("EgressGate: schemes, hosts and ports are allow lists", () => {
  const strict = new EgressGate({
    schemes: ["https"],
    hosts: ["images.example.org", "*.cdn.example.org"],
    ports: [443, "8443"],
  });
  for (
    const url of [
      "https://images.example.org/a",
      "https://IMAGES.example.org./a",
      "https://images.example.org:8443/a",
      "https://a.cdn.example.org/a",
      "https://a.b.cdn.example.org/a",
    ]
  ) strict.judge(url);
  for (
    const url of [
      "http://images.example.org/a",
      "https://images.example.org:444/a",
      "https://example.org/a",
      "https://cdn.example.org/a",
      "https://evilcdn.example.org/a",
      "https://images.example.org.evil.org/a",
    ]
  ) assertThrows(() => strict.judge(url), EgressDenied, undefined, url);
});

Deno.test("EgressGate: private networks pass where they are configured, and no others", () => {
  const lan = new EgressGate({ allowPrivate: ["10.1.0.0/16", "fd00:1::/32", "192.168.7.9"] });
  for (const host of ["10.1.2.3", "[fd00:1::5]", "192.168.7.9"]) lan.judge(`http://${host}/`);
  for (const host of ["10.2.0.1", "[fd00:2::5]", "192.168.7.8", "127.0.0.1", "localhost"]) {
    assertThrows(() => lan.judge(`http://${host}/`), EgressDenied, undefined, host);
  }
  const all = new EgressGate({ allowPrivate: true });
  for (const host of INSIDE) all.judge(`http://${host}/`);
  for (const cidr of ["10.0.0.0/33", "10.0.0.0/x", "10.0.0.0/", "ten", "fd00::/129", ""]) {
    assertThrows(() => new EgressGate({ allowPrivate: [cidr] }), BadStoreConfiguration);
  }
});

Deno.test("EgressGate: a name that points inside is refused, by any of its addresses", async () => {
  const pointing = (...addresses: string[]) =>
    new EgressGate({ resolve: () => Promise.resolve(addresses) });
  assertEquals(await pointing("8.8.8.8", "2a00::1").check("http://a.example/"), [
    "8.8.8.8",
    "2a00::1",
  ]);
  for (
    const addresses of [
      ["127.0.0.1"],
      ["8.8.8.8", "10.0.0.1"],
      ["::1"],
      ["::ffff:192.168.0.1"],
      ["fe80::1%eth0"],
      ["nonsense"],
    ]
  ) {
    await assertRejects(() => pointing(...addresses).check("http://a.example/"), EgressDenied);
  }
});

Deno.test("EgressGate: a name that cannot be resolved is not let through", async () => {
  const failing = new EgressGate({ resolve: () => Promise.reject(new Error("SERVFAIL")) });
  await assertRejects(() => failing.check("http://a.example/"), RemoteServiceUnavailable);
  const nowhere = new EgressGate({ resolve: () => Promise.resolve([]) });
  await assertRejects(() => nowhere.check("http://a.example/"), RemoteServiceUnavailable);
});

Deno.test("EgressGate: a host named in full may point anywhere, one under a wildcard may not", async () => {
  const named = new EgressGate({
    hosts: ["nas", "*.example.org"],
    resolve: () => Promise.resolve(["10.0.0.1"]),
  });
  assertEquals(await named.check("http://nas/a"), undefined);
  await assertRejects(() => named.check("http://a.example.org/"), EgressDenied);
});

Deno.test("EgressGate: the system's own names are resolved", async () => {
  const own = new EgressGate({ allowPrivate: ["127.0.0.0/8", "::1"] });
  // `localhost` itself is refused by its name already.
  await assertRejects(() => own.check("http://localhost/"), EgressDenied);
  const { systemResolve } = await import("../../transport/egress_gate.ts");
  const addresses = await systemResolve("localhost");
  assertEquals(addresses?.every((address) => ["127.0.0.1", "::1"].includes(address)), true);
});
