import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { signArtifact } from '../../../compiler/artifact/signature.ts';
import { signatureFileOf } from '../../../schema/artifact-signature.ts';
import { ARTIFACT, expectGolden, FIXTURES, TRUSTED_KEY, UPDATE_GOLDENS } from '../fixture.ts';
import { artifactOf, edited, forged } from './artifact-text.ts';
import { privateKey, publicPem } from './keys.ts';

const SOUND = artifactOf('smallest');
const SIGNATURE = signatureFileOf(ARTIFACT);
const KEY = privateKey(1);

type FileTexts = Readonly<Record<string, string>>;

const signed = (text: string, key = KEY): string => signArtifact(Buffer.from(text), key);

const SIGNED: FileTexts = {
  [ARTIFACT]: SOUND,
  [SIGNATURE]: signed(SOUND),
  [TRUSTED_KEY]: publicPem(KEY),
};

const CONFIGURATION = 'version: 1\n';

/** The files of each fixture: how they came to be faulty, and what they are where nothing is wrong. */
const FIXTURE_FILES: Readonly<Record<string, { readonly err: FileTexts; readonly ok: FileTexts }>> = {
  'GW6000-other-format': {
    err: {
      [ARTIFACT]: edited(SOUND, (artifact) => {
        Object.assign(artifact, { formatVersion: 99, compilerVersion: '9.0.0' });
      }),
    },
    ok: { [ARTIFACT]: SOUND },
  },
  'GW6001-cut-off': { err: { [ARTIFACT]: SOUND.slice(0, SOUND.length / 2) }, ok: { [ARTIFACT]: SOUND } },
  'GW6002-other-spelling': {
    err: { [ARTIFACT]: SOUND.replace('"formatVersion":1,', '"formatVersion": 1,') },
    ok: { [ARTIFACT]: SOUND },
  },
  'GW6003-key-twice': {
    err: { [ARTIFACT]: SOUND.replace('"anonymous":true', '"anonymous":false,"anonymous":true') },
    ok: { [ARTIFACT]: SOUND },
  },
  'GW6004-wrong-shape': {
    err: {
      [ARTIFACT]: forged(SOUND, ({ servers }) => {
        Object.assign(servers!.everything!, { policies: 'none' });
      }),
    },
    ok: { [ARTIFACT]: SOUND },
  },
  'GW6005-contradiction': {
    err: {
      [ARTIFACT]: edited(SOUND, ({ graph }) => {
        Object.assign(graph!.upstreams!.everything!, { command: 'sh' });
      }),
    },
    ok: { [ARTIFACT]: SOUND },
  },
  'GW6006-dangling-name': {
    err: {
      [ARTIFACT]: forged(SOUND, ({ servers }) => {
        Object.assign(servers!.everything!, { policies: ['readers'] });
      }),
    },
    ok: { [ARTIFACT]: SOUND },
  },
  'GW6007-overlay': {
    err: { [ARTIFACT]: SOUND, 'overlay.yaml': 'telemetry: { log: { level: debug } }\n' },
    ok: { [ARTIFACT]: SOUND },
  },
  'GW6010-unsigned': { err: { [ARTIFACT]: SOUND, [TRUSTED_KEY]: publicPem(KEY) }, ok: SIGNED },
  'GW6011-no-signature': { err: { ...SIGNED, [SIGNATURE]: SIGNED[SIGNATURE]!.slice(0, 100) }, ok: SIGNED },
  'GW6012-other-key': { err: { ...SIGNED, [SIGNATURE]: signed(SOUND, privateKey(2)) }, ok: SIGNED },
  'GW6013-other-artifact': {
    err: { ...SIGNED, [SIGNATURE]: signed(artifactOf('everything')) },
    ok: SIGNED,
  },
  'GW6014-configuration': {
    err: { 'gateway.yaml': CONFIGURATION, [TRUSTED_KEY]: publicPem(KEY) },
    ok: SIGNED,
  },
};

describe.each(Object.entries(FIXTURE_FILES))('the fixture %s', (name, { err, ok }) => {
  it.each([
    ['err', err],
    ['ok', ok],
  ])('is made of what the compiler writes today (%s)', (group, files) => {
    const folder = join(FIXTURES, group, name);
    if (UPDATE_GOLDENS && !existsSync(folder)) mkdirSync(folder);
    for (const [file, text] of Object.entries(files)) expectGolden(join(folder, file), text);
    const found = readdirSync(folder).filter((file) => !file.startsWith('expected.'));
    expect(found.sort()).toEqual(Object.keys(files).sort());
  });
});
