/**
 * `vitrine serve`: the tree for other programs, over HTTP or NBD.
 *
 * @module
 */
import { type Arguments, type Command, type CommandOption, UsageError } from "../command.ts";

/** Options that only HTTP has. */
const HTTP_OPTIONS: readonly CommandOption[] = [
  {
    name: "allow-host",
    value: "NAME",
    repeated: true,
    help: "http: serve requests for this name too, behind a proxy for example; * for any",
  },
  {
    name: "allow-origin",
    value: "ORIGIN",
    repeated: true,
    help: "http: let pages of this origin read, such as https://app.example; * for all",
  },
  { name: "allow-credentials", help: "http: let pages of the allowed origins send credentials" },
  {
    name: "headers-timeout",
    value: "AGE",
    help: "http: time for a request's head. Default: 10s",
  },
  {
    name: "verbose",
    letters: ["v"],
    help: "http: log every request, not only those that failed",
  },
  { name: "writable", help: "http: take PUT and DELETE with the bearer token in VITRINE_TOKEN" },
];

/** Options that only NBD has. */
const NBD_OPTIONS: readonly CommandOption[] = [
  {
    name: "socket",
    value: "FILE",
    help: "nbd: Unix socket to listen on, in place of a port",
    candidates: "file",
  },
  {
    name: "handshake-timeout",
    value: "AGE",
    help: "nbd: time for a client to choose an image. Default: 30s",
  },
];

/** `vitrine serve`. */
export const serve: Command = {
  operands: "[http | nbd [PATH...]]",
  count: [0, Infinity],
  description:
    "http, the default, serves all of the tree over HTTP. nbd serves images, those in the " +
    "directories that are named, or all, as network block devices to qemu, libvirt, nbdkit and the " +
    "Linux kernel; it is read-only. It prints the URI of each path that is named. An image that is " +
    "replaced while a client uses it gives that client errors, never bytes of the other image. NBD " +
    "has no passwords: everybody who can connect can read.",
  options: [
    { name: "host", value: "ADDRESS", help: "address to listen on. Default: 127.0.0.1" },
    {
      name: "port",
      value: "PORT",
      help: "port to listen on; 0 takes a free one. Default: http 8080, nbd 10809",
    },
    { name: "public", help: "let other machines read, without a token" },
    {
      name: "max-connections",
      value: "N",
      help:
        "most connections. Default: http half of the descriptors that may be open, at most 1024; " +
        "nbd 64",
    },
    {
      name: "idle-timeout",
      value: "AGE",
      help: "time between two requests. Default: http 60s, nbd none",
    },
    {
      name: "stall-timeout",
      value: "AGE",
      help: "time in which a client receives or sends nothing. Default: 60s",
    },
    ...HTTP_OPTIONS,
    ...NBD_OPTIONS,
  ],
  candidates: ["http", "nbd"],
  examples: [
    "vitrine serve --port 8080",
    "VITRINE_TOKEN=... vitrine serve --writable",
    "vitrine serve nbd /local/disk.qcow2",
  ],
  async run(session, args) {
    const [protocol = "http"] = args.operands;
    switch (protocol) {
      case "http": {
        refuse(args, NBD_OPTIONS, "http");
        const { serveHttp } = await import("./serve_http.ts");
        return await serveHttp(session, args);
      }
      case "nbd": {
        refuse(args, HTTP_OPTIONS, "nbd");
        const { serveImages } = await import("./serve_nbd.ts");
        return await serveImages(session, args);
      }
      default:
        throw new UsageError(`serve takes http or nbd, not ${protocol}`);
    }
  },
};

/** Refuses the options of other protocols: they are not ignored. */
function refuse(args: Arguments, options: readonly CommandOption[], protocol: string): void {
  const isSet = ({ name, value, repeated }: CommandOption) =>
    repeated
      ? args.values(name).length > 0
      : value === undefined
      ? args.has(name)
      : args.value(name) !== undefined;
  const other = options.find(isSet);
  if (other) throw new UsageError(`serve ${protocol} has no option --${other.name}`);
}
