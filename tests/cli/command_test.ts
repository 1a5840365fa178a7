/**
 * What all commands share: exit codes, durations, transfers; and `vitrine presign`.
 *
 * @module
 */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  ChecksumMismatch,
  ImageChanged,
  ImageFormatRefused,
  NotFound,
  SizeMismatch,
} from "@vitrine/vitrine";
import {
  type Arguments,
  bytesPerSecondOf,
  combinedExitCode,
  exitCodeOf,
  NothingKnown,
  parseDuration,
  UsageError,
} from "../../cli/command.ts";
import { Workplace } from "./harness.ts";

Deno.test("exitCodeOf: 1 failed, 2 misused, 3 differs or unsafe, 4 nothing known", () => {
  const codes = [
    new NotFound("x"),
    new SizeMismatch("x"),
    new UsageError("x"),
    new ChecksumMismatch("x"),
    new ImageChanged("x"),
    new ImageFormatRefused("x"),
    new NothingKnown("x"),
    "no error",
  ].map(exitCodeOf);
  assertEquals(codes, [1, 1, 2, 3, 3, 3, 4, 1]);
});

Deno.test("combinedExitCode: the most telling of several", () => {
  assertEquals(combinedExitCode(0, 4, 1, 3), 3);
  assertEquals(combinedExitCode(0, 4, 1), 1);
  assertEquals(combinedExitCode(0, 4), 4);
  assertEquals(combinedExitCode(0), 0);
});

Deno.test("parseDuration: takes seconds, minutes, hours and days", () => {
  assertEquals(parseDuration("expires", "90s"), 90_000);
  assertEquals(parseDuration("expires", "5m"), 300_000);
  assertEquals(parseDuration("expires", "36h"), 129_600_000);
  assertEquals(parseDuration("expires", "2d"), 172_800_000);
  for (const text of ["", "5", "h", "-1h", "1.5h", "1w", "soon"]) {
    assertThrows(() => parseDuration("expires", text), UsageError, "--expires", text);
  }
});

Deno.test("bytesPerSecondOf: takes bytes, and K, M and G of 1024", () => {
  const args = (value: string) => ({ value: () => value }) as unknown as Arguments;
  assertEquals(bytesPerSecondOf(args("500")), 500);
  assertEquals(bytesPerSecondOf(args("10M")), 10 * 2 ** 20);
  for (const text of ["", "0", "M", "-1", "1.5M", "10m", "10MB"]) {
    assertThrows(() => bytesPerSecondOf(args(text)), UsageError, "--bwlimit", text);
  }
});

Deno.test("cp --transfers: copies every image, whatever the number", async () => {
  await using place = await Workplace.make();
  for (let i = 0; i < 9; i++) await Deno.writeTextFile(place.path(`local/${i}.img`), `${i}`);
  const { code, out, err } = await place.run(
    "cp",
    "-r",
    "-v",
    "--transfers",
    "3",
    "/local",
    "./out",
  );
  assertEquals([code, err, out.trim().split("\n").length], [0, "", 9]);
  for (let i = 0; i < 9; i++) {
    assertEquals(await Deno.readTextFile(place.path(`out/${i}.img`)), `${i}`);
  }
  for (const count of ["0", "65", "many"]) {
    assertEquals((await place.run("cp", "--transfers", count, "/local/1.img", "./x")).code, 2);
  }
});

Deno.test("--dry-run: cp, mv and rm say what they would do, and do nothing", async () => {
  await using place = await Workplace.make();
  await Deno.writeTextFile(place.path("local/x"), "hello");
  const before = await place.files();
  const runs: [string[], string][] = [
    [["cp", "-n", "/local/x", "./y"], "would write ./y from /local/x\n"],
    [["mv", "--dry-run", "/local/x", "/mirror/"], "would write /mirror/x from /local/x\n"],
    [["rm", "-n", "/local/x"], "would remove /local/x\n"],
  ];
  for (const [args, expected] of runs) {
    const { code, out, err } = await place.run(...args);
    assertEquals([code, out, err], [0, expected, ""]);
    assertEquals(await place.files(), before);
  }
  assertEquals((await place.run("rm", "-n", "/local/none")).code, 1);
});

Deno.test("presign: prints a URL of the store, for a while", async () => {
  await using place = await Workplace.make({
    stores: {
      cloud: {
        driver: "s3",
        host: "http://127.0.0.1:1",
        bucket: "b",
        accessKey: "a",
        secretKey: "s",
      },
      local: { driver: "file", datadir: "./local" },
    },
  });
  await Deno.mkdir(place.path("local"));
  const { code, out } = await place.run("presign", "/cloud/disk.qcow2", "--expires", "36h");
  assertEquals(code, 0);
  const url = new URL(out.trim());
  assertEquals([url.pathname, url.searchParams.get("X-Amz-Expires")], ["/b/disk.qcow2", "129600"]);
  const plain = await place.run("presign", "/local/x");
  assertEquals([plain.code, plain.out], [1, ""]);
  assertStringIncludes(plain.err, "presign");
  for (const args of [["--expires", "never"], ["--expires", "0s"], ["--method", "DELETE"]]) {
    assertEquals((await place.run("presign", "/cloud/x", ...args)).code, 2);
  }
});
