import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';

/**
 * Writes a web response to a node response. The head leaves at once, also where the first byte of the body
 * is far away, as on an idle event stream. A client that goes away cancels the body.
 */
export async function writeResponse(response: Response, to: ServerResponse): Promise<void> {
  to.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body === null) {
    to.end();
    return;
  }
  to.flushHeaders();
  await pipeline(Readable.fromWeb(response.body as ReadableStream), to).catch(() => undefined);
}
