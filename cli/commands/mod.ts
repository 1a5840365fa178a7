/**
 * The table of all commands. Help, completion and the manual are generated from it.
 *
 * @module
 */
import type { Commands } from "../command.ts";
import { acl } from "./acl.ts";
import { add } from "./add.ts";
import { cat } from "./cat.ts";
import { completion } from "./completion.ts";
import { config } from "./config.ts";
import { check } from "./check.ts";
import { cp, mv } from "./copy.ts";
import { df } from "./disk_free.ts";
import { du } from "./disk_usage.ts";
import { gc } from "./gc.ts";
import { inspect } from "./inspect.ts";
import { ls } from "./list.ts";
import { manual } from "./manual.ts";
import { presign } from "./presign.ts";
import { rm } from "./remove.ts";
import { serve } from "./serve.ts";
import { stat } from "./stat.ts";
import { stores } from "./stores.ts";
import { sync } from "./sync.ts";
import { tree } from "./tree.ts";
import { verify } from "./verify.ts";

/** The commands by name, in the order of help. */
export const COMMANDS: Commands = {
  stores,
  ls,
  tree,
  stat,
  inspect,
  cat,
  add,
  cp,
  mv,
  sync,
  rm,
  verify,
  check,
  du,
  df,
  acl,
  presign,
  serve,
  gc,
  config,
  completion,
  manual,
};
