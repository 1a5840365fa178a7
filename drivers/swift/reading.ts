/**
 * The requests that read images.
 *
 * @module
 */
import type { HttpResponse } from "../../transport/response.ts";
import type { HttpRequest } from "../../transport/request.ts";
import { Transport } from "../../transport/transport.ts";
import { checkSize } from "./metadata.ts";

/** A transport whose answers are parts of a whole image. */
export class ReadingTransport extends Transport {
  /** Sends a request. Throws also where the server does not find the whole image. */
  override async send(request: HttpRequest): Promise<HttpResponse> {
    const response = await super.send(request);
    try {
      if (response.status < 300) checkSize(response.headers);
      return response;
    } catch (error) {
      await response.release();
      throw error;
    }
  }
}
