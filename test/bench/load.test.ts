import { createServer, type RequestListener } from 'node:http';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { describe, expect, it } from 'vitest';
import { ANSWER, callBody, type Era, TOOL } from '../../bench/call.ts';
import { startLoad } from '../../bench/load-driver.ts';
import { chooseCores } from '../../bench/pinned-process.ts';
import { runRounds } from '../../bench/rounds.ts';
import { startProgram } from '../../bench/target.ts';
import { answerTo } from '../../bench/upstream-answer.ts';

/** Long enough for a machine that halts meanwhile. What fails ends at once. */
const MEASURE_MS = 1_000;

const job = (port: number, era: Era, measureMs = MEASURE_MS) => ({
  port,
  era,
  connections: 4,
  warmMs: 20,
  measureMs,
  pids: [process.pid],
  upstreamPid: process.pid,
});

const serve = async (listener: RequestListener) => {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const close = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { port: typeof address === 'object' ? address!.port : 0, [Symbol.asyncDispose]: close };
};

/** Linux: processes are pinned by taskset and measured in /proc. */
describe.skipIf(process.platform !== 'linux')('the parts of the benchmark together', () => {
  it('makes calls of about 300 bytes each way', () => {
    for (const era of ['modern', 'legacy'] as const) {
      const request = callBody(era, 100);
      expect(answerTo(request).body.length).toBeGreaterThan(250);
      expect(answerTo(request).body.length).toBeLessThan(350);
    }
    expect(callBody('modern', 100).length).toBeGreaterThan(250);
    expect(callBody('modern', 100).length).toBeLessThan(350);
  });

  it.each(['legacy', 'auto'] as const)('answers an official client in mode %s', async (mode) => {
    await using upstream = await startProgram(chooseCores().load, 'upstream.ts');
    const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode } });
    await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${upstream.port}/mcp`)));
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual([TOOL]);
    const result = await client.callTool({ name: TOOL, arguments: { city: 'Reykjavik' } });
    expect(result.content).toEqual([{ type: 'text', text: ANSWER }]);
    await client.close();
  });

  it('drives the upstream in sessions, and the upstream and the floor in rounds', async () => {
    const cores = chooseCores();
    await using load = startLoad(cores.load);
    await using upstream = await startProgram(cores.load, 'upstream.ts');
    await using floor = await startProgram(cores.proxy, 'floor.ts', [String(upstream.port)]);
    const legacy = await load.run(job(upstream.port, 'legacy'));
    expect(legacy.requests).toBeGreaterThan(10);
    const targets = [
      { name: 'direct', port: upstream.port, era: 'modern' as const, pids: [upstream.pid] },
      { name: 'floor', port: floor.port, era: 'modern' as const, pids: [floor.pid] },
    ];
    const options = { connections: 4, rounds: 2, trainRequests: 10, warmMs: 20, measureMs: MEASURE_MS };
    const samples = await runRounds(load, targets, { ...options, upstreamPid: upstream.pid }, () => {});
    for (const name of ['direct', 'floor']) {
      expect(samples.get(name)).toHaveLength(2);
      for (const sample of samples.get(name)!) {
        expect(sample.requests).toBeGreaterThan(10);
        expect(sample.cpuUsPerRequest).toBeGreaterThan(0);
        expect(sample.p99Ms).toBeGreaterThanOrEqual(sample.p50Ms);
      }
    }
  });

  it('fails on a single wrong reply among many right ones', async () => {
    let count = 0;
    await using server = await serve((request, response) => {
      request.setEncoding('utf8');
      let body = '';
      request.on('data', (text: string) => {
        body += text;
      });
      request.on('end', () => {
        count += 1;
        const answer = answerTo(body).body;
        const sent = count === 50 ? answer.replace('Friday', 'Monday') : answer;
        response.setHeader('content-length', Buffer.byteLength(sent)).end(sent);
      });
    });
    await using load = startLoad(chooseCores().load);
    await expect(load.run(job(server.port, 'modern', 20_000))).rejects.toThrow(/wrong reply/);
  });

  it('fails when a connection is closed or a session refused', async () => {
    await using closing = await serve((request) => request.socket.destroy());
    await using refusing = await serve((_request, response) => response.writeHead(401).end());
    await using load = startLoad(chooseCores().load);
    await expect(load.run(job(closing.port, 'modern', 20_000))).rejects.toThrow(
      /closed a connection|ECONNRESET/,
    );
    await expect(load.run(job(refusing.port, 'legacy'))).rejects.toThrow(/initialize was answered 401/);
  });
});
