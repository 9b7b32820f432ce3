import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { recordStdio } from '../../support/stdio-record.ts';
import { filesOverStdio } from '../clients/official-servers.ts';
import { openV2 } from '../clients/v2-peer.ts';

it('hard case 6: a server that wants roots before any request is told at once that nobody can be asked, and serves', async () => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'gatewright-roots-')));
  await writeFile(join(folder, 'note.txt'), 'A note.');
  await using record = await recordStdio();
  const files = { ...filesOverStdio(record, folder), isolation: 'per-principal' };
  const config = configuration({}, { expose: [{ upstream: 'files' }], upstreams: { files } });
  await using gateway = await startTestGateway(config);
  await using peer = await openV2({ pin: '2026-07-28' })(gateway.url(), { roots: [`file://${folder}`] });
  expect(await peer.tools()).toContain('read_text_file');
  const asked = () => record.read().messages.find(({ message }) => message.method === 'roots/list');
  await expect.poll(asked).toBeDefined();
  const answer = () =>
    record
      .read()
      .messages.find(
        ({ from, message }) => from === 'client' && message.id === asked()!.message.id && 'error' in message,
      );
  await expect.poll(answer).toMatchObject({ message: { error: { code: -32601 } } });
  const read = await peer.call('read_text_file', { path: join(folder, 'note.txt') });
  expect(read.text).toBe('A note.');
  await rm(folder, { recursive: true });
});
