/**
 * The table of all commands. A command is loaded when it runs, or when its help is shown.
 *
 * @module
 */
import { type CommandEntry, type Commands, type DescribedCommand, UsageError } from "../command.ts";

/** The commands by name, in the order of help. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  stores: {
    summary: "list the configured stores and what each can do",
    load: async () => (await import("./stores.ts")).stores,
  },
  ls: {
    summary: "list a directory of the tree; / lists the stores",
    load: async () => (await import("./list.ts")).ls,
  },
  tree: {
    summary: "draw everything below a directory of the tree",
    load: async () => (await import("./tree.ts")).tree,
  },
  stat: {
    summary: "show what is known of images: size, time, digests, format, location",
    load: async () => (await import("./stat.ts")).stat,
  },
  inspect: {
    summary: "show what images are: format, virtual size, and whether they are safe",
    load: async () => (await import("./inspect.ts")).inspect,
  },
  cat: {
    summary: "write images to standard output",
    load: async () => (await import("./cat.ts")).cat,
  },
  add: {
    summary: "add an image from a URL, a local file or standard input to a store",
    load: async () => (await import("./add.ts")).add,
  },
  cp: {
    summary: "copy images, across stores and to and from local files",
    load: async () => (await import("./copy.ts")).cp,
  },
  mv: {
    summary: "move images in the tree; the source is removed when the copy is whole and checked",
    load: async () => (await import("./copy.ts")).mv,
  },
  sync: {
    summary:
      "copy what a directory lacks; nothing is overwritten or deleted unless an option says so",
    load: async () => (await import("./sync.ts")).sync,
  },
  rm: {
    summary: "remove images",
    load: async () => (await import("./remove.ts")).rm,
  },
  verify: {
    summary: "read images whole and compare their digests",
    load: async () => (await import("./verify.ts")).verify,
  },
  check: {
    summary: "compare two directories by sizes and digests",
    load: async () => (await import("./check.ts")).check,
  },
  du: {
    summary: "sum the sizes of the images below a directory",
    load: async () => (await import("./disk_usage.ts")).du,
  },
  df: {
    summary: "show how much space the stores take, and how much is free",
    load: async () => (await import("./disk_free.ts")).df,
  },
  acl: {
    summary: "show or replace who may read and write an image",
    load: async () => (await import("./acl.ts")).acl,
  },
  presign: {
    summary: "print a URL with which anybody reads, or writes, one image for a while",
    load: async () => (await import("./presign.ts")).presign,
  },
  serve: {
    summary: "serve the tree, to this machine only and read-only by default",
    load: async () => (await import("./serve.ts")).serve,
  },
  gc: {
    summary: "remove uploads, segments and files that killed processes left behind",
    load: async () => (await import("./gc.ts")).gc,
  },
  config: {
    summary: "show the configuration with its secrets masked, or write it as a vitrine.json",
    load: async () => (await import("./config.ts")).config,
  },
  completion: {
    summary: "print the script with which a shell completes vitrine's commands and paths",
    load: async () => (await import("./completion.ts")).completion,
  },
  manual: {
    summary: "print the manual page, for man",
    load: async () => (await import("./manual.ts")).manual,
  },
};

/**
 * Loads a command.
 *
 * @param name The name of the command.
 * @returns The command, with its summary.
 * @throws {UsageError} If there is no command of that name.
 */
export async function loadCommand(name: string): Promise<DescribedCommand> {
  if (!Object.hasOwn(COMMANDS, name)) {
    throw new UsageError(
      `unknown command "${name}"; there are: ${Object.keys(COMMANDS).join(", ")}`,
    );
  }
  const { summary, load } = COMMANDS[name]!;
  return { summary, ...await load() };
}

/**
 * Loads all commands, for completion and the manual.
 *
 * @returns The commands by name, in the order of help.
 */
export async function loadCommands(): Promise<Commands> {
  const entries = Object.keys(COMMANDS).map(async (name) =>
    [name, await loadCommand(name)] as const
  );
  return Object.fromEntries(await Promise.all(entries));
}
