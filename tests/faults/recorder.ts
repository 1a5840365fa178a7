/**
 * A proxy that records what goes through it, between a client and a real server.
 *
 * @module
 */
import { faultProxy } from "./proxy.ts";
import type { RawRequest } from "./wire.ts";

/** A running proxy. */
export interface Recorder extends AsyncDisposable {
  /** The URL to give to the client, without a path. */
  url: string;
  /** What has come whole so far, in order. */
  requests: RawRequest[];
  /** Called with each request before it is passed on. */
  onRequest?: (request: RawRequest) => void;
  /** Returns the sizes of the bodies of all `PUT`s whose target matches, in bytes, and forgets all requests. */
  takeSent(target: RegExp): number[];
}

/** Starts a proxy to the server at `target`, an `http:` URL whose path is ignored. */
export function recorder(target: string): Recorder {
  const requests: RawRequest[] = [];
  const proxy = faultProxy(target, {
    seed: 1,
    rate: 0,
    only(request) {
      requests.push(request);
      started.onRequest?.(request);
      return false;
    },
  });
  const started: Recorder = {
    url: proxy.url,
    requests,
    takeSent: (target) =>
      requests.splice(0).filter((request) =>
        request.method === "PUT" && target.test(request.target)
      )
        .map(({ body }) => body.length).filter((size) => size > 0),
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  };
  return started;
}
