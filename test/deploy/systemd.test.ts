import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { durationMs } from '../../schema/unit.ts';
import { ROOT } from '../support/source-file.ts';

const unit = async (): Promise<ReadonlyMap<string, readonly string[]>> => {
  const text = await readFile(join(ROOT, 'deploy/systemd/gatewright.service'), 'utf8');
  const found = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [, key, value] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
    if (key !== undefined) found.set(key, [...(found.get(key) ?? []), value!]);
  }
  return found;
};

it('the unit for systemd gives the gateway no more than it needs, and the time that it takes to end', async () => {
  const keys = await unit();
  expect(keys.get('DynamicUser')).toEqual(['yes']);
  expect(keys.get('NoNewPrivileges')).toEqual(['yes']);
  expect(keys.get('CapabilityBoundingSet')).toEqual(['']);
  expect(keys.get('ProtectSystem')).toEqual(['strict']);
  expect(keys.get('ExecReload')![0]).toContain('-HUP');
  const schema = JSON.parse(await readFile(join(ROOT, 'schema/gateway.schema.json'), 'utf8'));
  const deadline = schema.properties.shutdown.properties.deadline.default as string;
  expect(Number(keys.get('TimeoutStopSec')![0]) * 1000).toBeGreaterThan(durationMs(deadline)!);
  // The compiler of V8 writes code to memory and then runs it.
  expect(keys.has('MemoryDenyWriteExecute')).toBe(false);
});
