import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { Upstream } from '../../../runtime/upstream/link.ts';
import { createUpstream } from '../../../runtime/upstream/upstream.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { json, type RpcMessage } from '../../support/fast-upstream.ts';
import { httpNode, rejection, testContext } from './test-context.ts';

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const serve = async (authority: { certificate: string; key: string }): Promise<string> => {
  const server = createServer({ cert: authority.certificate, key: authority.key }, (request, response) => {
    request.once('data', (chunk: Buffer) => {
      const { id } = JSON.parse(chunk.toString('utf8')) as RpcMessage;
      const result = { supportedVersions: ['2026-07-28'], capabilities: {}, resultType: 'complete' };
      json(response, { jsonrpc: '2.0', id, result });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(
    () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  );
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
};

const connect = (endpoint: string, ca?: string): Upstream => {
  const tls = ca === undefined ? {} : { ca };
  const upstream = createUpstream(httpNode(endpoint, { era: 'modern', tls }), testContext());
  closing.unshift(() => upstream.close());
  return upstream;
};

test('an upstream whose certificate the declared authority signed is trusted', async () => {
  const authority = makeCertificate('upstream');
  const link = await connect(await serve(authority), authority.certificate).modern();
  expect(link.peer.protocolVersion).toBe('2026-07-28');
});

test('any other certificate is not, and the caller is told no detail', async () => {
  const endpoint = await serve(makeCertificate('upstream'));
  for (const ca of [undefined, makeCertificate('upstream').certificate]) {
    const error = await rejection(connect(endpoint, ca).modern());
    expect(error).toMatchObject({ code: 'upstream_unavailable', message: 'the upstream is unavailable' });
  }
});
