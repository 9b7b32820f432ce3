import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compileAt } from '../../cli/compile-at.ts';
import { loadGraph } from '../../cli/load-graph.ts';
import { emitArtifact } from '../../compiler/emit/artifact.ts';
import { SMALL_CONFIGURATION } from '../support/small-configuration.ts';

let cwd = '';
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'gatewright-load-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const write = (name: string, text: string) => writeFileSync(join(cwd, name), text);

describe('loading a graph', () => {
  it('compiles a configuration and tells where its paths are written', async () => {
    write('gateway.yaml', SMALL_CONFIGURATION);
    const loaded = await loadGraph('gateway.yaml', { cwd });
    expect(loaded.compiled?.graph.servers.tools?.name).toBe('tools');
    expect(loaded).toMatchObject({ diagnostics: [] });
    const place = loaded.compiled && loaded.placeOf(['servers', 'tools']);
    expect(place).toMatchObject({ file: 'gateway.yaml', line: 5, column: 3 });
    expect(loaded.textOf('gateway.yaml')).toBe(SMALL_CONFIGURATION);
  });

  it('hands on the findings of a faulty one', async () => {
    write('gateway.yaml', SMALL_CONFIGURATION.replace('upstream: files', 'upstream: fiels'));
    const { compiled, diagnostics } = await loadGraph('gateway.yaml', { cwd });
    expect(compiled).toBeUndefined();
    expect(diagnostics.map(({ code }) => code)).toContain('GW2003');
  });

  it('says of a file that is not there that it cannot be read', async () => {
    const { compiled, diagnostics, textOf } = await loadGraph('nowhere.yaml', { cwd });
    expect(compiled).toBeUndefined();
    expect(diagnostics.map(({ code }) => code)).toEqual(['GW0001']);
    expect(textOf('nowhere.yaml')).toBeUndefined();
  });
});

describe('loading an artifact', () => {
  it('yields the graph that was compiled, and the places of its configuration', async () => {
    write('gateway.yaml', SMALL_CONFIGURATION);
    const { compiled, places } = compileAt({ main: 'gateway.yaml', overlays: [] }, cwd);
    const text = emitArtifact({ compiled: compiled!, places: places(), compilerVersion: '0.1.0' });
    write('anything.json', text);
    const loaded = await loadGraph('anything.json', { cwd });
    expect(loaded.compiled).toEqual(compiled);
    const place = loaded.compiled && loaded.placeOf(['servers', 'tools', 'expose', 0, 'upstream']);
    expect(place).toMatchObject({ file: 'gateway.yaml', line: 8, column: 16 });
  });

  it('lays nothing over it', async () => {
    write('gateway.yaml', SMALL_CONFIGURATION);
    write('prod.yaml', 'name: prod\n');
    const { compiled, places } = compileAt({ main: 'gateway.yaml', overlays: [] }, cwd);
    write('a.json', emitArtifact({ compiled: compiled!, places: places(), compilerVersion: '0.1.0' }));
    const { diagnostics } = await loadGraph('a.json', { cwd }, { overlays: ['prod.yaml'] });
    expect(diagnostics.map(({ code }) => code)).toEqual(['GW6007']);
  });
});
