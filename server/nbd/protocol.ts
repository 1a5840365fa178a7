/**
 * The numbers of the NBD protocol, as
 * https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md names them. Integers on the wire
 * are big-endian.
 *
 * @module
 */

/** What the server and each option begin with: `NBDMAGIC` and `IHAVEOPT`. */
export const MAGIC = {
  server: 0x4e42444d41474943n,
  option: 0x49484156454f5054n,
  optionReply: 0x0003e889045565a9n,
  request: 0x25609513,
  simpleReply: 0x67446698,
  chunk: 0x668e33ef,
} as const;

/** Flags of the greeting and of the client's response to it. */
export const HANDSHAKE = { fixedNewstyle: 1, noZeroes: 2 } as const;

/** Options that a client sends before the transmission. */
export const OPTION = {
  exportName: 1,
  abort: 2,
  list: 3,
  startTls: 5,
  info: 6,
  go: 7,
  structuredReply: 8,
  listMetaContext: 9,
  setMetaContext: 10,
} as const;

/** Types of replies to options. */
export const REPLY = {
  ack: 1,
  server: 2,
  info: 3,
  metaContext: 4,
  unsupported: 0x80000001,
  invalid: 0x80000003,
  unknown: 0x80000006,
} as const;

/** Kinds of information about an export. */
export const INFO = { export: 0, name: 1, blockSize: 3 } as const;

/** Flags of an export: it is read-only, takes DF and CACHE, and may be used by several connections. */
export const EXPORT_FLAG = {
  hasFlags: 1,
  readOnly: 2,
  sendDf: 128,
  canMultiConn: 256,
  sendCache: 1024,
} as const;

/** Types of requests. */
export const COMMAND = {
  read: 0,
  write: 1,
  disconnect: 2,
  flush: 3,
  trim: 4,
  cache: 5,
  writeZeroes: 6,
  blockStatus: 7,
} as const;

/** Flags of requests. */
export const COMMAND_FLAG = { fua: 1, dontFragment: 4, one: 8 } as const;

/** Types of chunks of a structured reply, and the flag of its last chunk. */
export const CHUNK = { done: 1, none: 0, data: 1, status: 5, error: 32769 } as const;

/** Error numbers of replies. */
export const ERRNO = {
  permission: 1,
  io: 5,
  invalid: 22,
  shutdown: 108,
} as const;

/** The only metadata context: which parts of an export are holes, and which are zero. */
export const ALLOCATION = "base:allocation";
/** The number that stands for {@linkcode ALLOCATION} in replies. */
export const ALLOCATION_ID = 1;

/** The most bytes of a request: what clients assume where no block size is negotiated. */
export const MAX_REQUEST = 32 * 1024 * 1024;
/** The block sizes of an export, in bytes: the least, the one that is preferred, the greatest. */
export const BLOCK_SIZES = [1, 4096, MAX_REQUEST] as const;
/** The longest name of an export, in bytes of UTF-8. */
export const MAX_NAME = 4096;
/** The most data of an option, in bytes. */
export const MAX_OPTION = 64 * 1024;

/** A client that breaks the protocol. Its connection is closed. */
export class NbdProtocolError extends Error {}
