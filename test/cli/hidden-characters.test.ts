import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { check } from '../../cli/check.ts';
import { fmt } from '../../cli/fmt.ts';
import type { Command } from '../../cli/io.ts';
import { print } from '../../cli/print.ts';

/** A control that terminals obey, a reversal of what follows, and a character that nobody sees. */
const HOSTILE = 'a\u009b31mb\u202ec\u{e0041}d';
const SHOWN_AS_TOLD = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u;

const yamlWith = (instructions: string, more = ''): string => `version: 1
listeners:
  main: { bind: 127.0.0.1:8080 }
servers:
  tools:
    at: [{ listener: main }]
    anonymous: true
    instructions: ${instructions}
    expose: [{ upstream: files }]
upstreams:
  files: { type: http, endpoints: ["https://127.0.0.1/mcp"] }
${more}`;

let cwd = '';
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'gatewright-hidden-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const run = async (command: Command, yaml: string, ...args: string[]): Promise<string> => {
  let shown = '';
  const tell = (text: string): void => {
    shown += text;
  };
  writeFileSync(join(cwd, 'gateway.yaml'), yaml);
  await command(args, { out: tell, err: tell, env: {}, cwd, color: false });
  return shown;
};

const hiddenIn = (shown: string): string | undefined =>
  SHOWN_AS_TOLD.exec(shown.replaceAll(/[\n\t]/g, ''))?.[0];

describe('characters that terminals obey or nobody sees', () => {
  it('are escapes where a configuration is printed, which means the same', async () => {
    const plain = yamlWith('fine');
    for (const text of [HOSTILE, `${HOSTILE}\nsecond`]) {
      const yaml = plain.replace('fine', JSON.stringify(text));
      for (const format of ['yaml', 'json']) {
        const shown = await run(print, yaml, '--format', format);
        expect(hiddenIn(shown)).toBeUndefined();
        expect(parse(shown).servers.tools.instructions).toBe(text);
      }
    }
  });

  it('are in no findings, whatever their format', async () => {
    const yaml = yamlWith('fine', `${JSON.stringify(HOSTILE)}: 1\n`);
    for (const format of ['pretty', 'json', 'sarif', 'github']) {
      const shown = await run(check, yaml, '--format', format);
      expect(shown).toContain('GW1001');
      expect(hiddenIn(shown)).toBeUndefined();
    }
  });

  it('are in no difference that is shown', async () => {
    const shown = await run(fmt, yamlWith('fine', `# ${HOSTILE}\nlimits:    {}\n`), '--diff');
    expect(shown).toContain('+limits: {}');
    expect(hiddenIn(shown)).toBeUndefined();
  });
});
