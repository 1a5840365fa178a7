/**
 * Which options each operation takes, so that a caller without types hears of those that it does not.
 * Loaded with the first call that has more options than every operation takes.
 *
 * @module
 */
import { Invalid } from "../errors/mod.ts";
import type { CopyOptions } from "./copy.ts";
import type {
  AddOptions,
  GcOptions,
  GetOptions,
  InspectOptions,
  ListOptions,
  OperationOptions,
  PresignOptions,
  RecordOptions,
  StatOptions,
} from "./types.ts";

/** The options of an operation, each by its name. The type holds the table to the declared options. */
type Names<O> = Readonly<Record<keyof O, true>>;

const EVERY: Names<OperationOptions> = { signal: true, context: true };
const ADD: Names<AddOptions> = {
  ...EVERY,
  size: true,
  hashingAlgo: true,
  verifier: true,
  expected: true,
  accept: true,
  format: true,
  sparse: true,
  contentType: true,
  cacheControl: true,
  metadata: true,
  resume: true,
};
const STAT: Names<StatOptions> = {
  ...EVERY,
  ifMatch: true,
  ifNoneMatch: true,
  ifModifiedSince: true,
  ifUnmodifiedSince: true,
};
const GET: Names<GetOptions> = { ...STAT, offset: true, length: true, suffix: true, verify: true };
const INSPECT: Names<InspectOptions> = { ...EVERY, kept: true };
const LIST: Names<ListOptions> = {
  ...EVERY,
  directory: true,
  recursive: true,
  startAfter: true,
  limit: true,
  onSkipped: true,
  onDirectory: true,
};
const GC: Names<GcOptions> = { ...EVERY, olderThan: true, dryRun: true, onSkipped: true };
const COPY: Names<CopyOptions> = {
  ...EVERY,
  accept: true,
  verify: true,
  verifier: true,
  resume: true,
};
const RECORD: Names<RecordOptions> = { ...EVERY, hashingAlgo: true, verifier: true };
const PRESIGN: Names<PresignOptions> = {
  ...EVERY,
  method: true,
  expiresIn: true,
  overwrite: true,
};

/** What all operations on whole trees take. */
const TREE = {
  ...EVERY,
  concurrency: true,
  bytesPerSecond: true,
  onProgress: true,
  onImage: true,
} as const;

/** The operations that take more options than every operation does. */
const OPERATIONS: ReadonlyMap<string, Readonly<Record<string, true>>> = new Map(Object.entries({
  add: ADD,
  get: GET,
  stat: STAT,
  inspect: INSPECT,
  list: LIST,
  gc: GC,
  copy: COPY,
  recordDigests: RECORD,
  presign: PRESIGN,
  // Operations of the path tree that have options of their own.
  readDir: { ...EVERY, onSkipped: true, startAfter: true, limit: true },
  glob: { ...EVERY, includeDirs: true, onSkipped: true },
  walk: { ...EVERY, includeDirs: true, onSkipped: true, maxDepth: true },
  remove: { ...EVERY, recursive: true, onSkipped: true },
  move: COPY,
  copyTree: { ...TREE, verify: true, accept: true, resume: true, lag: true, idleTimeout: true },
  moveTree: TREE,
  removeTree: TREE,
  verifyTree: TREE,
  syncTree: {
    ...TREE,
    verify: true,
    accept: true,
    resume: true,
    checksum: true,
    replace: true,
    delete: true,
    dryRun: true,
    filter: true,
  },
  checkTrees: { ...TREE, download: true, filter: true },
}));

/**
 * Refuses the options that an operation does not take.
 *
 * @param operation The name of the operation. One that is not in the table takes what every operation
 * takes.
 * @param given The names of the options.
 * @throws {Invalid} If the operation does not take one of them. The error names those that it takes.
 */
export function refuseUnknownOptions(operation: string, given: readonly string[]): void {
  const known = OPERATIONS.get(operation) ?? EVERY;
  for (const name of given) {
    if (Object.hasOwn(known, name)) continue;
    const names = Object.keys(known).join(", ");
    throw new Invalid(`unknown option ${JSON.stringify(name)}; known are: ${names}`);
  }
}
