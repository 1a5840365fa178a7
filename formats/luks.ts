/**
 * LUKS, versions 1 and 2 (LUKS1 and LUKS2 On-Disk Format Specification).
 *
 * @module
 */
import { END, type Examination, type ExaminedImage, type Format } from "./format.ts";

/** PBKDF2 of more iterations takes minutes to open: it is there to keep whoever tries it busy. */
const MAX_ITERATIONS = 100_000_000;

/** The format. */
export const luks: Format = {
  name: "luks",
  kind: "container",
  examine: (image) => image.head.has(0, "LUKS\xba\xbe") ? examineHeader(image) : undefined,
};

function* examineHeader(image: ExaminedImage): Examination {
  const version = image.head.u16be(6);
  if (version !== 1 && version !== 2) {
    image.unsafe("unknown-version", `version ${version} of LUKS is unknown`);
  }
  if (version === 1) checkIterations(image);
  yield END;
  const data = version === 2 ? dataOfVersion2(image) : dataOfVersion1(image);
  image.note("encrypted", "the content is encrypted: judge it again once it is decrypted");
  if (data.offset > BigInt(image.size)) {
    image.unsafe("truncated", `the image ends after ${image.size} bytes, before its data`);
  }
  const left = BigInt(image.size) - data.offset;
  return {
    subformat: `luks${version}`,
    virtualSize: image.declaredSize(data.size ?? (left > 0n ? left : 0n)),
    encrypted: true,
  };
}

interface DataSegment {
  offset: bigint;
  size?: bigint;
}

function checkIterations(image: ExaminedImage): void {
  const { head } = image;
  const counts = [head.u32be(164)];
  for (let slot = 208; slot < 592; slot += 48) {
    if (head.u32be(slot) === 0x00ac71f3) counts.push(head.u32be(slot + 4));
  }
  const most = Math.max(...counts);
  if (most > MAX_ITERATIONS) {
    image.unsafe("key-iterations", `opening it takes ${most} rounds of key derivation`);
  }
}

function dataOfVersion1({ head }: ExaminedImage): DataSegment {
  return { offset: BigInt(head.u32be(104)) * 512n };
}

/** The JSON area says where the data is: in its segments. */
function dataOfVersion2(image: ExaminedImage): DataSegment {
  const { head } = image;
  try {
    const text = head.name(4096, Math.min(Number(head.u64be(8)), head.length) - 4096);
    const { segments } = JSON.parse(text);
    const { offset, size } = Object.values<{ offset: string; size: string }>(segments)[0]!;
    if (/^\d+$/.test(offset) && /^(\d+|dynamic)$/.test(size)) {
      return { offset: BigInt(offset), ...size !== "dynamic" && { size: BigInt(size) } };
    }
  } catch {
    // It is no JSON, or not what a LUKS header has in it.
  }
  image.unsafe("malformed", "the header does not say where the data is");
  return { offset: 0n };
}
