/**
 * What must work in every runtime: plain functions and Web standards, run unchanged by Deno, Node, Bun,
 * workerd and a browser.
 *
 * @module
 */
import { digestCases } from "./cases/digests.ts";
import { handlerCases } from "./cases/handler.ts";
import { httpCases } from "./cases/http.ts";
import { memoryCases } from "./cases/memory.ts";
import { s3Cases } from "./cases/s3.ts";
import { swiftCases } from "./cases/swift.ts";
import { treeCases } from "./cases/tree.ts";

/** One thing that must work: returns, or throws what is wrong. */
export type Case = () => Promise<void>;

/** Cases by what they show. */
export type Cases = Readonly<Record<string, Case>>;

/** What became of a case. */
export interface CaseResult {
  /** What it shows. */
  name: string;
  /** What is wrong, if anything. */
  error?: string;
}

/** Where the servers answer. A part without its server is not run. */
export interface SuiteEnv {
  /** Web servers with the images of `site.ts`. */
  http?: HttpSites;
  /** A bucket, and nothing else is run. */
  s3?: BucketSite;
  /** A Swift account, and nothing else is run. */
  swift?: AccountSite;
}

/** A Swift account that pages of any origin may use, as options of a store. */
export interface AccountSite {
  /** URL of the login, version 1. */
  authAddress: string;
  /** The user. */
  user: string;
  /** The key. */
  key: string;
  /** The container. */
  container: string;
}

/** A bucket that pages of any origin may use, as options of a store. */
export interface BucketSite {
  /** The server's URL. */
  host: string;
  /** The bucket. */
  bucket: string;
  /** The access key. */
  accessKey: string;
  /** The secret key. */
  secretKey: string;
}

/** The same images on two web servers. */
export interface HttpSites {
  /** A directory of nginx, ending with a slash. */
  nginx: string;
  /** The handler over a store, ending with a slash; for pages of any origin. */
  vitrine: string;
  /** The same over connections that break in the middle of large answers. */
  breaking: string;
}

/** Runs all cases one after the other. */
export async function runSuite(env: SuiteEnv): Promise<CaseResult[]> {
  const cases: Cases = env.s3 ? s3Cases(env.s3) : env.swift ? swiftCases(env.swift) : {
    ...memoryCases,
    ...digestCases,
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
