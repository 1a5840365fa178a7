/**
 * The suite as the default export that every runtime's program calls, and workerd serves.
 *
 * @module
 */
import { runSuite } from "./suite.ts";

export default {
  /** Runs the suite. */
  run: runSuite,
  /** Runs the suite where the request's body is its environment. */
  async fetch(request: Request): Promise<Response> {
    return Response.json(await runSuite(await request.json()));
  },
};
