/** One HTTP request with a deadline, and what its answer is as an outcome. */
import http from 'node:http';
import { ANSWERED, Cut, Late, type Outcome } from './outcome.ts';

/** More than any timeout of the gateway's configuration, for a machine that has other work. */
export const DEADLINE_MS = 15_000;

export interface Request {
  readonly method?: 'POST' | 'GET' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Takes the request back after this time; the answer is then an empty one of status 0. */
  readonly cancelAfterMs?: number;
}

export interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  /** The JSON-RPC messages of a JSON reply or of a stream. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever came
  readonly messages: readonly any[];
}

const CANCELLED: Reply = { status: 0, headers: {}, text: '', messages: [] };

const messagesOf = (text: string, type: string | undefined): readonly unknown[] => {
  if (type?.startsWith('application/json')) return [JSON.parse(text)];
  if (!type?.startsWith('text/event-stream')) return [];
  return text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice('data: '.length)));
};

/** Rejects with {@link Cut} or {@link Late} where no whole answer comes. */
export const ask = (url: string, agent: http.Agent, request: Request): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const { method = 'POST', headers, body, cancelAfterMs } = request;
    const outgoing = http.request(url, { method, agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', (error) => reject(new Cut(error.message)));
      response.on('end', () => {
        try {
          const messages = messagesOf(text, response.headers['content-type']);
          resolve({ status: response.statusCode!, headers: response.headers, text, messages });
        } catch {
          reject(new Error(`an unreadable answer: ${text.slice(0, 300)}`));
        }
      });
    });
    const late = setTimeout(() => {
      reject(new Late());
      outgoing.destroy();
    }, DEADLINE_MS);
    const cancel =
      cancelAfterMs === undefined
        ? undefined
        : setTimeout(() => {
            resolve(CANCELLED);
            outgoing.destroy();
          }, cancelAfterMs);
    outgoing.on('error', (error) => reject(new Cut(error.message)));
    outgoing.on('close', () => {
      clearTimeout(late);
      clearTimeout(cancel);
    });
    outgoing.end(body);
  });

const codeOf = (error: { readonly code?: number; readonly data?: { readonly code?: unknown } }): string =>
  typeof error.data?.code === 'string' ? error.data.code : String(error.code);

/** Answered where the last message is a result that is right. */
export const outcomeOf = (reply: Reply, isRight: (result: unknown) => boolean): Outcome => {
  const last = reply.messages.at(-1);
  if (last?.error !== undefined) return { kind: 'coded', code: codeOf(last.error) };
  if (last?.result !== undefined && isRight(last.result)) return ANSWERED;
  return { kind: 'wrong', what: `${reply.status} ${reply.text.slice(0, 300)}` };
};
