/**
 * Where a command's results go: JSON, or text for people.
 *
 * @module
 */

/** Standard output, and how a person reads a table, a size and a date. */
export class Output {
  /** Writes bytes, all of them. Throws `Deno.errors.BrokenPipe` where nobody reads any more. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
  }

  /** Writes a line. Control characters in names cannot reach the terminal. */
  async line(text = ""): Promise<void> {
    await this.write(new TextEncoder().encode(`${printable(text)}\n`));
  }

  /** Writes a value as JSON. */
  async json(value: unknown): Promise<void> {
    await this.write(new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`));
  }

  /** Writes rows in columns; numbers, as `right` says, to the right. */
  async table(rows: readonly (readonly string[])[], right: readonly number[] = []): Promise<void> {
    const widths: number[] = [];
    for (const row of rows) {
      for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
    }
    for (const row of rows) {
      const cells = row.map((cell, i) =>
        right.includes(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)
      );
      await this.line(cells.join("  ").trimEnd());
    }
  }
}

/** Text for a terminal: control characters, but line ends, are shown as what they are not. */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, "\ufffd");
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** A number of bytes as people read it: `4.0 MiB`. */
export function formatSize(bytes: number | undefined): string {
  if (bytes === undefined) return "?";
  const unit = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  return `${unit === 0 ? bytes : (bytes / 1024 ** unit).toFixed(1)} ${UNITS[unit]}`;
}

/** A time as people read it, to the second, in UTC. */
export function formatTime(time: Date | null | undefined): string {
  return time ? time.toISOString().slice(0, 19).replace("T", " ") : "-";
}

/** A duration in seconds as people read it: `1:02:03` or `2:03`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, i) => i === 0 ? `${part}` : `${part}`.padStart(2, "0")).join(":");
}
