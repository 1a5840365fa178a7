/**
 * Chromium without a window: a page that imports the bundle.
 *
 * @module
 */
// deno-lint-ignore no-import-prefix
import { chromium as browsers } from "npm:playwright-core@1.65.0";
import type { Runtime, Suite } from "./runtime.ts";

const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Debian's Chromium at `executablePath`. Its page is `site`. */
export async function chromium(executablePath: string, site: string): Promise<Runtime> {
  const launch = () => browsers.launch({ executablePath, args: ARGS });
  const browser = await launch();
  const version = browser.version();
  await browser.close();
  return {
    name: `Chromium ${version}`,
    async run(directory, env) {
      const browser = await launch();
      try {
        const page = await browser.newPage();
        // The page itself comes from the site: one made here may not ask loopback addresses.
        await page.goto(site);
        const home = new URL("/suite/", site).href;
        await page.route(`${home}*`, (route) => {
          const name = route.request().url().slice(home.length);
          return route.fulfill({ path: `${directory}/${name}`, contentType: "text/javascript" });
        });
        return await page.evaluate(async ([module, env]) => {
          const { default: suite }: { default: Suite } = await import(module);
          return await suite.run(env);
        }, [`${home}worker.js`, env] as const);
      } finally {
        await browser.close();
      }
    },
  };
}
