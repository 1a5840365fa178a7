/**
 * The INI dialect, held to oslo.config's own parser.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import fc from "../fast_check.ts";
import { BadStoreConfiguration } from "../../mod.ts";
import { parseIni } from "../../config/glance_conf/ini.ts";
import { Settings } from "../../config/glance_conf/settings.ts";
import { serviceTest } from "../services/mod.ts";

/** Reads texts by oslo.config: sections with all values of each option, or the line of the error. */
const PYTHON = `
import io, json, sys
from oslo_config import cfg

class Parser(cfg.ConfigParser):
    def parse(self):
        from oslo_config import iniparser
        return iniparser.BaseParser.parse(self, io.StringIO(self.filename, newline=None))

results = []
for text in json.load(sys.stdin):
    sections, normalized = {}, {}
    parser = Parser(text, sections)
    parser._add_normalized(normalized)
    try:
        parser.parse()
        results.append(normalized)
    except cfg.ParseError as error:
        # This error is noticed only where the value ends.
        results.append("no section" if "started" in error.msg else error.lineno)
json.dump(results, sys.stdout)
`;

function read(text: string): unknown {
  try {
    const ini = parseIni(text, "f");
    const settings = new Settings([ini]);
    return Object.fromEntries([...ini.sections].map((section) => {
      const options: Record<string, string[]> = {};
      for (const { name, value } of settings.in(section)) (options[name] ??= []).push(value);
      return [section, options];
    }));
  } catch (error) {
    if (!(error instanceof BadStoreConfiguration)) throw error;
    if (error.message.includes("before any section")) return "no section";
    return Number(/^f:(\d+)/.exec(error.message)![1]);
  }
}

/** Lines that the rules meet in every way. */
const LINES = [
  "[DEFAULT]",
  "[Backend]",
  "[backend]",
  "[a.b]",
  "[x] ; y",
  "[]",
  "[ ]",
  "",
  " ",
  "# comment",
  "; comment",
  "  # goes on",
  "\tgoes on",
  "key = value",
  "key: value",
  "key = a = b : c",
  "key : a = b",
  'quoted = "a b"',
  "quoted = 'a' and 'b'",
  'quoted = "',
  'quoted = "open',
  "multi =",
  "multi = value # not a comment",
  "multi = a, b ;c",
  "a.b = $c \\\\$d",
  "= nothing",
  "nothing",
  "key = trailing   ",
  "key = \u00e9\u4e2d",
];

serviceTest(
  "parseIni: any text is read as oslo.config reads it",
  "glance_store",
  async (endpoints) => {
    const text = fc.array(fc.constantFrom(...LINES), { maxLength: 12 });
    const well = text.map((
      lines,
    ) => ["[DEFAULT]", ...lines.filter((line) => !/^(=|n|\[x|\[\])/.test(line))]);
    const texts = [text, well].flatMap((one) => fc.sample(one, { seed: 7, numRuns: 400 }))
      .map((lines, i) => lines.join(i % 5 === 0 ? "\r\n" : "\n"));
    const child = new Deno.Command(endpoints.glance_store.python, {
      args: ["-c", PYTHON],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(JSON.stringify(texts)));
    await writer.close();
    const expected = JSON.parse(new TextDecoder().decode((await child.output()).stdout));
    for (const [i, text] of texts.entries()) assertEquals([text, read(text)], [text, expected[i]]);
  },
);
