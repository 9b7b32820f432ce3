/** `gatewright health`: whether a running gateway is ready. */
import { request } from 'node:http';
import { durationMs } from '../schema/unit.ts';
import { parseArguments } from './arguments.ts';
import { OK, USAGE_ERROR } from './exit-code.ts';
import type { Command } from './io.ts';
import { HEALTH } from './manual/health.ts';
import { usageLine } from './manual/manual.ts';

const NOT_READY = 1;

const DEFAULT_URL = 'http://127.0.0.1:9090';

/** The status and the text of an answer. Rejects if there is none in time. */
const ask = (url: URL, timeoutMs: number): Promise<{ readonly status: number; readonly text: string }> => {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const asking = request(url, { agent: false, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    response.on('end', () => resolve({ status: response.statusCode!, text })).on('error', reject);
  });
  asking.on('error', reject).end();
  return promise;
};

/** Exit code 0 if it is ready, 1 if it is not or does not answer, 2 for the usage. */
export const health: Command = async (args, io) => {
  const parsed = parseArguments(args, HEALTH, 1);
  const misuse = (problem: string): number => {
    io.err(`error: ${problem}\n${usageLine('health', HEALTH)}\n`);
    return USAGE_ERROR;
  };
  if (typeof parsed === 'string') return misuse(parsed);
  const [base = DEFAULT_URL] = parsed.positionals;
  const timeoutMs = durationMs(parsed.values.timeout);
  if (!URL.canParse(base) || !base.startsWith('http://')) return misuse(`\`${base}\` is no URL of http`);
  if (timeoutMs === undefined) return misuse(`\`${parsed.values.timeout}\` is no duration such as \`2s\``);
  try {
    const { status, text } = await ask(new URL('/-/ready', base), timeoutMs);
    if (status === 200) {
      io.out('ready\n');
      return OK;
    }
    io.err(`error: not ready: ${status} ${text}\n`);
  } catch (error) {
    io.err(`error: no answer: ${(error as Error).message}\n`);
  }
  return NOT_READY;
};
