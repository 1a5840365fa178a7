/**
 * What must work in every runtime: plain functions and Web standards, run unchanged by Deno, Node, Bun,
 * workerd and a browser.
 *
 * @module
 */
import type { CaseResult, Cases } from "./case.ts";
import { digestCases } from "./cases/digests.ts";
import { formatCases } from "./cases/formats.ts";
import { handlerCases } from "./cases/handler.ts";
import { httpCases } from "./cases/http.ts";
import { memoryCases } from "./cases/memory.ts";
import { s3Cases } from "./cases/s3.ts";
import { swiftCases } from "./cases/swift.ts";
import { treeCases } from "./cases/tree.ts";
import type { SuiteEnv } from "./environment.ts";

/** Runs all cases one after the other. */
export async function runSuite(env: SuiteEnv): Promise<CaseResult[]> {
  const cases: Cases = env.s3 ? s3Cases(env.s3) : env.swift ? swiftCases(env.swift) : {
    ...memoryCases,
    ...digestCases,
    ...formatCases,
    ...treeCases,
    ...handlerCases,
    ...(env.http ? httpCases(env.http) : {}),
  };
  const results: CaseResult[] = [];
  for (const [name, run] of Object.entries(cases)) {
    try {
      await run();
      results.push({ name });
    } catch (error) {
      const { name: kind, message, stack } = error as Error;
      results.push({ name, error: `${kind}: ${message}\n${stack ?? ""}` });
    }
  }
  return results;
}
