/**
 * The load that wrk puts on a server.
 *
 * @module
 */
import { join } from "@std/path";

const MIB = 1024 * 1024;
/** How long wrk sends requests in each round, in seconds. */
const DURATION = 5;
/** Size of a range, in bytes. */
const RANGE = 65_536;

/** Makes wrk print its findings as JSON: bytes, microseconds, and what went wrong. */
const DONE = `
function done(summary)
  local wrong = summary.errors
  io.write(string.format('\\n{"bytes":%d,"duration":%d,"errors":%d}\\n', summary.bytes,
    summary.duration, wrong.connect + wrong.read + wrong.write + wrong.status))
end
`;

/** Writes wrk's scripts for an image of so many MiB into a folder for temporary files. */
export async function writeScripts(
  mib: number,
): Promise<{ folder: string; whole: string; ranges: string }> {
  const folder = await Deno.makeTempDir({ prefix: "vitrine-wrk-" });
  const whole = join(folder, "whole.lua");
  const ranges = join(folder, "ranges.lua");
  await Deno.writeTextFile(whole, DONE);
  await Deno.writeTextFile(ranges, rangesOf(mib * MIB) + DONE);
  return { folder, whole, ranges };
}

/** Makes wrk request ranges anywhere in an image. */
function rangesOf(size: number): string {
  return `
function request()
  local first = math.random(0, ${size - RANGE})
  return wrk.format(nil, nil, { Range = "bytes=" .. first .. "-" .. first + ${RANGE - 1} })
end
`;
}

/** Runs wrk for some seconds, and returns the bytes that it read. */
export async function load(
  wrk: string,
  url: string,
  connections: number,
  script: string,
): Promise<{ bytes: number; seconds: number }> {
  const args = ["--threads=1", `--connections=${connections}`, `--duration=${DURATION}`];
  const { stdout } = await new Deno.Command(wrk, {
    args: [...args, "--timeout=60", "--script", script, url],
  }).output();
  const text = new TextDecoder().decode(stdout);
  const { bytes, duration, errors } = JSON.parse(/^\{.*\}$/m.exec(text)![0]);
  if (errors > 0) throw new Error(`wrk had ${errors} errors:\n${text}`);
  return { bytes, seconds: duration / 1_000_000 };
}
