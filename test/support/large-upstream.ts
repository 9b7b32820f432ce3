/** Results of any size, made as they are sent: nobody holds them. */
import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import type { Behaviour } from './fast-upstream.ts';

/** JSON of a text's inside: plain, escaped and of several bytes. */
const TEXT = 'The quick brown fox é 狐 \\n\\"jumps\\" \\ud83e\\udd8a over 12345678901234567890 dogs. ';
const BLOCK = Buffer.from(TEXT.repeat(1024));

/** How such a message is laid out. */
export interface Layout {
  /** About how many bytes the text has. */
  readonly bytes: number;
  /** The order of the SDKs' servers: the result first and the id last. */
  readonly idLast?: boolean;
  /** Members of the result besides its content, as JSON text: `,"isError":true`. */
  readonly more?: string;
  /** It answers a read of the resource with this URI; a call of a tool if absent. */
  readonly uri?: string;
}

/** The pieces of a response with a text of about `bytes`. */
export function* largeResponse(
  idText: string,
  { bytes, idLast = false, more = '', uri }: Layout,
): Generator<Buffer> {
  const open =
    uri === undefined
      ? '"result":{"content":[{"type":"text","text":"'
      : `"result":{"contents":[{"uri":${JSON.stringify(uri)},"text":"`;
  const close = `"}]${more}}`;
  yield Buffer.from(idLast ? `{${open}` : `{"jsonrpc":"2.0","id":${idText},${open}`);
  for (let left = bytes; left > 0; left -= BLOCK.length) yield BLOCK;
  yield Buffer.from(idLast ? `${close},"jsonrpc":"2.0","id":${idText}}` : `${close}}`);
}

/** Writes pieces, no faster than they are read. */
export const writePieces = async (to: Writable, pieces: Iterable<Buffer>): Promise<void> => {
  for (const piece of pieces) {
    if (to.destroyed) return;
    if (to.write(piece)) continue;
    const { promise, resolve } = Promise.withResolvers<void>();
    const goOn = () => resolve();
    to.once('drain', goOn).once('close', goOn);
    await promise;
    to.off('drain', goOn).off('close', goOn);
  }
};

/** The digest of what the pieces say together, between `before` and `after`. */
export const digestOf = (pieces: Iterable<Buffer>, before = '', after = ''): string => {
  const hash = createHash('sha256').update(before);
  for (const piece of pieces) hash.update(piece);
  return hash.update(after).digest('hex');
};

/** Answers with pieces as a JSON body, or as the data of an event. */
export const sendPieces = async (
  response: ServerResponse,
  kind: 'json' | 'stream',
  pieces: Iterable<Buffer>,
): Promise<void> => {
  if (!response.headersSent)
    response.writeHead(200, { 'content-type': kind === 'json' ? 'application/json' : 'text/event-stream' });
  if (kind === 'stream') response.write('data: ');
  await writePieces(response, pieces);
  response.end(kind === 'stream' ? '\n\n' : '');
};

/** A tool whose result is laid out as `layoutOf` says for its arguments. */
export const answerLarge =
  (kind: 'json' | 'stream', layoutOf: (args: Readonly<Record<string, unknown>>) => Layout): Behaviour =>
  ({ message, response }) => {
    const layout = layoutOf((message.params?.arguments ?? {}) as Readonly<Record<string, unknown>>);
    void sendPieces(response, kind, largeResponse(String(message.id), layout));
  };
