import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ARTIFACT, expectGolden, FIXTURES, UPDATE_GOLDENS } from '../fixture.ts';
import { artifactOf, edited, forged } from './artifact-text.ts';

/** How the artifact of each fixture came to be faulty. */
const DAMAGE: Readonly<Record<string, (text: string) => string>> = {
  'GW6000-other-format': (text) =>
    edited(text, (artifact) => {
      Object.assign(artifact, { formatVersion: 99, compilerVersion: '9.0.0' });
    }),
  'GW6001-cut-off': (text) => text.slice(0, text.length / 2),
  'GW6002-other-spelling': (text) => text.replace('"formatVersion":1,', '"formatVersion": 1,'),
  'GW6003-key-twice': (text) => text.replace('"anonymous":true', '"anonymous":false,"anonymous":true'),
  'GW6004-wrong-shape': (text) =>
    forged(text, ({ servers }) => {
      Object.assign(servers!.everything!, { policies: 'none' });
    }),
  'GW6005-contradiction': (text) =>
    edited(text, ({ graph }) => {
      Object.assign(graph!.upstreams!.everything!, { command: 'sh' });
    }),
  'GW6006-dangling-name': (text) =>
    forged(text, ({ servers }) => {
      Object.assign(servers!.everything!, { policies: ['readers'] });
    }),
  'GW6007-overlay': (text) => text,
};

describe.each(Object.entries(DAMAGE))('the artifact of %s', (name, damage) => {
  it.each([
    ['err', damage(artifactOf('smallest'))],
    ['ok', artifactOf('smallest')],
  ])('is what the compiler writes today, damaged in one way only (%s)', (group, text) => {
    const folder = join(FIXTURES, group, name);
    if (UPDATE_GOLDENS && !existsSync(folder)) mkdirSync(folder);
    if (UPDATE_GOLDENS && name === 'GW6007-overlay' && group === 'err')
      writeFileSync(join(folder, 'overlay.yaml'), 'telemetry: { log: { level: debug } }\n');
    expectGolden(join(folder, ARTIFACT), text);
    expect(text).not.toBe('');
  });
});
