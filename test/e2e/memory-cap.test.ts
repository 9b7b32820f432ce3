/** A flood of calls that are held, of which none is large, against a process of which a cap is declared. */
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { type FastUpstream, json, type Received } from '../support/fast-upstream.ts';
import { MeasuredGateway } from '../support/measured-gateway.ts';
import { callTool, modernBody, modernHeaders } from '../support/modern-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

const MIB = 1024 * 1024;
const CAP_MIB = 400;
/** More connections than the flood opens. */
const MANY = 6_000;
const CLIENTS = 8;
/** As much as takes no room of its own: large bodies would be refused long before memory is short. */
const PARAMS = { name: 'hold', arguments: { text: 'x'.repeat(15_000) } };
const HEADERS = modernHeaders('tools/call', PARAMS, {});
const BODY = Buffer.from(modernBody('tools/call', PARAMS));

const held: Received[] = [];
let upstream: FastUpstream;
beforeEach(async () => {
  held.length = 0;
  upstream = await startToolUpstream('echo', ['echo', 'hold']);
  upstream.behave((received) => {
    if (received.message.params?.name === 'hold') held.push(received);
    else answer(received);
  });
});
afterEach(() => upstream.close());

const answer = ({ message, response }: Received): void =>
  json(response, { jsonrpc: '2.0', id: message.id, result: { content: [], resultType: 'complete' } });

/** What the flood got in place of an answer. */
interface Refusal {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

/** Clients that send one call after the other, whether or not any is answered. */
const flood = (url: string) => {
  const agent = new Agent({ keepAlive: true, maxSockets: MANY });
  const answers: Refusal[] = [];
  let isOver = false;
  const send = (): Promise<void> =>
    new Promise((sent) => {
      const outgoing = request(url, { method: 'POST', agent, headers: HEADERS }, (reply) => {
        let text = '';
        reply.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        reply.on('end', () => {
          answers.push({ status: reply.statusCode!, retryAfter: reply.headers['retry-after'], text });
          sent();
        });
      });
      outgoing.on('error', () => sent());
      outgoing.end(BODY, () => sent());
    });
  const clients = Array.from({ length: CLIENTS }, async () => {
    while (!isOver) {
      await send();
      await delay(10);
    }
  });
  return {
    answers,
    end: async (): Promise<void> => {
      isOver = true;
      await Promise.all(clients);
      agent.destroy();
    },
  };
};

/** What anybody watching sees, over and over until told to stop: memory is looked at and operations are asked. */
const watch = (gateway: MeasuredGateway) => {
  const peaks: number[] = [];
  const healths: number[] = [];
  let readiness = 0;
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      healths.push((await fetch(`${gateway.opsUrl}/-/healthy`)).status);
      readiness = (await fetch(`${gateway.opsUrl}/-/ready`)).status;
      peaks.push(await gateway.peakBytes());
      await delay(20);
    }
  })();
  return {
    peaks,
    healths,
    get readiness() {
      return readiness;
    },
    end: async (): Promise<void> => {
      isOver = true;
      await watching;
    },
  };
};

const PATIENCE = { timeout: 30_000 };

describe('a declared cap on memory', () => {
  it('[OPS-10] holds in a flood: new work gets 503, operations are served, and all is well after it', {
    timeout: 90_000,
  }, async () => {
    await using gateway = await MeasuredGateway.start(
      configuration(
        { echo: upstream.url },
        {
          pressure: { memory: `${CAP_MIB}MiB`, eventLoopDelay: '1h' },
          upstream: { connections: MANY },
          listener: { connections: { max: MANY, perAddress: MANY } },
        },
      ),
    );
    expect((await callTool(gateway.url, 'echo')).status).toBe(200);
    const watched = watch(gateway);
    const flooding = flood(gateway.url);
    await expect.poll(() => flooding.answers.length, PATIENCE).toBeGreaterThan(1_000);
    await expect.poll(() => watched.readiness, PATIENCE).toBe(503);
    await flooding.end();
    for (const received of held) answer(received);
    await expect.poll(() => watched.readiness, PATIENCE).toBe(200);
    expect((await callTool(gateway.url, 'echo')).status).toBe(200);
    await watched.end();

    const peakMib = Math.max(...watched.peaks) / MIB;
    console.info(
      `${peakMib.toFixed()} MiB of ${CAP_MIB}, ${held.length} calls held, ${flooding.answers.length} refused`,
    );
    expect(peakMib).toBeLessThan(CAP_MIB);
    expect(new Set(watched.healths)).toEqual(new Set([200]));
    for (const { status, retryAfter, text } of flooding.answers) {
      expect({ status, retryAfter }).toEqual({ status: 503, retryAfter: '5' });
      expect(text).toContain('"code":"overloaded"');
    }
  });
});
