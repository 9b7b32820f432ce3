import { describe, expect, it } from 'vitest';
import { graph } from '../../cli/graph.ts';
import { BASE, edited } from '../compiler/diff/pair.ts';
import { ownFolder } from '../support/own-folder.ts';
import { runCommand } from '../support/run-command.ts';

const folder = ownFolder({ 'gateway.yaml': BASE });

const run = (...args: string[]) => runCommand(graph, args, folder.path);

describe('gatewright graph', () => {
  it('draws the gateway as SVG, with the line that each box stands in', async () => {
    const { code, out, err } = await run();
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^<svg [^>]+>\n<title id="title">gatewright<\/title>/);
    for (const name of ['edge', 'engineering', 'desk', 'members', 'freeze', 'hub', 'files'])
      expect(out).toContain(`>${name}</text>`);
    const line = BASE.slice(0, BASE.indexOf('  engineering:')).split('\n').length;
    expect(out).toContain(`>gateway.yaml:${line}</text>`);
    expect(out).toContain('>workforce</text>');
    expect(out).toContain('>fair 600/m</text>');
  });

  it('draws it in Mermaid and DOT, policies in their order', async () => {
    const { out: mermaid } = await run('--format', 'mermaid');
    expect(mermaid).toMatch(/^flowchart LR\n/);
    expect(mermaid).toMatch(/^ {2}n\d+ -\.->\|"1"\| n\d+$/m);
    const { out: dot } = await run('--format', 'dot');
    expect(dot).toContain('  "server:engineering" -> "policy:freeze" [label="2", style=dashed];\n');
    expect(dot).toContain('  "server:engineering" -> "upstream:hub" [label="gh_"];\n');
  });

  it('draws one node with what a call passes before and after it', async () => {
    const { out } = await run('--focus', 'hub', '--format', 'dot');
    expect(out).toContain('"listener:edge" -> "server:engineering"');
    expect(out).toContain('"server:engineering" -> "upstream:hub"');
    expect(out).not.toMatch(/desk|files|freeze/);
  });

  it('asks which node is meant where several have the name, and proposes one where none has', async () => {
    const yaml = edited(BASE, (each) => {
      each.upstreams.desk = { type: 'http', endpoints: ['https://desk.example/mcp'] };
      each.servers.desk.expose.push({ upstream: 'desk', prefix: 'd_' });
    });
    folder.write('gateway.yaml', yaml);
    expect(await run('--focus', 'desk')).toMatchObject({
      code: 1,
      err: 'error: `desk` is one of `server:desk`, `upstream:desk`\n',
    });
    expect((await run('--focus', 'upstream:desk')).code).toBe(0);
    expect(await run('--focus', 'hubb')).toMatchObject({
      code: 1,
      out: '',
      err: 'error: nothing is called `hubb`; did you mean `hub`?\n',
    });
  });

  it('colours what differs from another configuration', async () => {
    const next = edited(BASE, (yaml) => {
      yaml.limits.fair.rate = '1/s';
      yaml.upstreams.hub.timeouts = { call: '5s' };
      yaml.servers.engineering.policies = ['members'];
      delete yaml.policies.freeze;
      yaml.upstreams.more = { type: 'http', endpoints: ['https://more.example/mcp'] };
      yaml.servers.desk.expose.push({ upstream: 'more', prefix: 'm_' });
    });
    folder.write('next.yaml', next);
    const { code, out } = await run('next.yaml', '--plan', 'gateway.yaml');
    expect(code).toBe(0);
    const classOf = (box: string) =>
      new RegExp(`<g class="([a-z ]+)" role="listitem" aria-label="${box}">`).exec(out)?.[1];
    expect(classOf('upstream hub')).toBe('upstream changed');
    expect(classOf('policy freeze')).toBe('policy removed');
    expect(classOf('upstream more')).toBe('upstream added');
    expect(classOf('upstream files')).toBe('upstream same');
    expect(out).toContain('>1 added</text>');
    const { out: mermaid } = await run('next.yaml', '--plan', 'gateway.yaml', '--format', 'mermaid');
    expect(mermaid).toMatch(/^ {2}classDef removed /m);
  });

  it('shows findings as check does, and exits with 1', async () => {
    folder.write('gateway.yaml', BASE.replace('upstream: hub', 'upstream: hubb'));
    const { code, out, err } = await run();
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('error[GW2003]: unknown upstream `hubb`');
  });

  it('refuses a format that there is not', async () => {
    const { code, err } = await run('--format', 'png');
    expect(code).toBe(2);
    expect(err).toContain('unknown format `png`');
    expect(err).toContain('usage: gatewright graph');
  });
});
