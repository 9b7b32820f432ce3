import { describe, expect, it } from 'vitest';
import { compileAt } from '../../cli/compile-at.ts';
import { loadGraph } from '../../cli/load-graph.ts';
import { emitArtifact } from '../../compiler/emit/artifact.ts';
import { ownFolder } from '../support/own-folder.ts';
import { SMALL_CONFIGURATION } from '../support/small-configuration.ts';

const folder = ownFolder();

describe('loading a graph', () => {
  it('compiles a configuration and tells where its paths are written', async () => {
    folder.write('gateway.yaml', SMALL_CONFIGURATION);
    const loaded = await loadGraph('gateway.yaml', { cwd: folder.path });
    expect(loaded.compiled?.graph.servers.tools?.name).toBe('tools');
    expect(loaded).toMatchObject({ diagnostics: [] });
    const place = loaded.compiled && loaded.placeOf(['servers', 'tools']);
    expect(place).toMatchObject({ file: 'gateway.yaml', line: 5, column: 3 });
    expect(loaded.textOf('gateway.yaml')).toBe(SMALL_CONFIGURATION);
  });

  it('hands on the findings of a faulty one', async () => {
    folder.write('gateway.yaml', SMALL_CONFIGURATION.replace('upstream: files', 'upstream: fiels'));
    const { compiled, diagnostics } = await loadGraph('gateway.yaml', { cwd: folder.path });
    expect(compiled).toBeUndefined();
    expect(diagnostics.map(({ code }) => code)).toContain('GW2003');
  });

  it('says of a file that is not there that it cannot be read', async () => {
    const { compiled, diagnostics, textOf } = await loadGraph('nowhere.yaml', { cwd: folder.path });
    expect(compiled).toBeUndefined();
    expect(diagnostics.map(({ code }) => code)).toEqual(['GW0001']);
    expect(textOf('nowhere.yaml')).toBeUndefined();
  });
});

describe('loading an artifact', () => {
  it('yields the graph that was compiled, and the places of its configuration', async () => {
    folder.write('gateway.yaml', SMALL_CONFIGURATION);
    const { compiled, places } = compileAt({ main: 'gateway.yaml', overlays: [] }, folder.path);
    const text = emitArtifact({ compiled: compiled!, places: places(), compilerVersion: '0.1.0' });
    folder.write('anything.json', text);
    const loaded = await loadGraph('anything.json', { cwd: folder.path });
    expect(loaded.compiled).toEqual(compiled);
    const place = loaded.compiled && loaded.placeOf(['servers', 'tools', 'expose', 0, 'upstream']);
    expect(place).toMatchObject({ file: 'gateway.yaml', line: 8, column: 16 });
  });

  it('lays nothing over it', async () => {
    folder.write('gateway.yaml', SMALL_CONFIGURATION);
    folder.write('prod.yaml', 'name: prod\n');
    const { compiled, places } = compileAt({ main: 'gateway.yaml', overlays: [] }, folder.path);
    folder.write('a.json', emitArtifact({ compiled: compiled!, places: places(), compilerVersion: '0.1.0' }));
    const { diagnostics } = await loadGraph('a.json', { cwd: folder.path }, { overlays: ['prod.yaml'] });
    expect(diagnostics.map(({ code }) => code)).toEqual(['GW6007']);
  });
});
