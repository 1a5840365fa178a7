/**
 * Cross-origin requests of browsers (the CORS protocol of the Fetch standard, section 3.3).
 *
 * @module
 */
import { Invalid } from "../../errors/mod.ts";

/** Which pages of other origins may read what the handler serves. */
export interface CorsOptions {
  /** The origins, such as `https://example.org`, or `*` for all. */
  origins: "*" | readonly string[];
  /** The methods that they may use. Default: `GET` and `HEAD`. */
  methods?: readonly string[] | undefined;
  /** Whether they may send credentials; not together with `*`. Default: `false`. */
  credentials?: boolean | undefined;
}

/** The response fields that pages may read, beside those that the standard always allows. */
const EXPOSED = "accept-ranges, content-length, content-range, etag, location, repr-digest";
/** The request fields that pages may send, beside those that the standard always allows. */
const ALLOWED = "authorization, content-digest, content-type, if-match, if-modified-since, " +
  "if-none-match, if-range, if-unmodified-since, range, repr-digest, want-repr-digest";
/** How long a browser may keep what a preflight said, in seconds. */
const MAX_AGE = 600;

/** Writes the header fields of the CORS protocol. */
export class Cors {
  readonly #origins: "*" | ReadonlySet<string>;
  readonly #methods: readonly string[];
  readonly #credentials: boolean;

  /**
   * Checks the options.
   *
   * @param options The origins, methods and credentials that are allowed.
   * @throws {Invalid} If an origin is none, or if all origins may send credentials.
   */
  constructor({ origins, methods = ["GET", "HEAD"], credentials = false }: CorsOptions) {
    if (origins === "*" && credentials) {
      throw new Invalid("cors: credentials need a list of origins, not *");
    }
    this.#origins = origins === "*" ? origins : new Set(origins.map(checkOrigin));
    this.#methods = methods;
    this.#credentials = credentials;
  }

  /** Whether every origin is allowed. */
  get isOpen(): boolean {
    return this.#origins === "*";
  }

  /**
   * Returns the fields of a response.
   *
   * @param request The header fields of the request.
   * @returns The fields, by name in lower case; without an allowed origin only `vary`.
   */
  fields(request: Headers): Record<string, string> {
    const origin = request.get("origin");
    const isAllowed = origin !== null && (this.#origins === "*" || this.#origins.has(origin));
    return {
      // A cache must not give one origin what was written for another.
      ...(this.#origins === "*" ? {} : { "vary": "origin" }),
      ...(isAllowed
        ? {
          "access-control-allow-origin": this.#origins === "*" ? "*" : origin,
          "access-control-expose-headers": EXPOSED,
        }
        : {}),
      ...(isAllowed && this.#credentials ? { "access-control-allow-credentials": "true" } : {}),
    };
  }

  /**
   * Returns the fields of the response to a preflight: an OPTIONS request that a browser sends before the
   * real one.
   *
   * @param request The header fields of the request.
   * @returns The fields to send beside {@linkcode fields}; none for an origin that is not allowed and
   * for a request that is no preflight.
   */
  preflightFields(request: Headers): Record<string, string> {
    const isPreflight = request.has("access-control-request-method");
    if (!isPreflight || !this.fields(request)["access-control-allow-origin"]) return {};
    return {
      "access-control-allow-methods": this.#methods.join(", "),
      "access-control-allow-headers": ALLOWED,
      "access-control-max-age": `${MAX_AGE}`,
    };
  }
}

function checkOrigin(origin: string): string {
  if (URL.canParse(origin) && new URL(origin).origin === origin) return origin;
  throw new Invalid(
    `cors: ${JSON.stringify(origin)} is no origin: expected a scheme, a host and a port, as in ` +
      "https://example.org:8443",
  );
}
