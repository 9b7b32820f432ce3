import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { check } from '../../cli/check.ts';
import { checkOnline } from '../../cli/check-online.ts';
import { compileAt } from '../../cli/compile-at.ts';
import { makeCertificate } from '../support/certificate.ts';
import { configuration } from '../support/configuration.ts';
import { freePort } from '../support/free-port.ts';
import { makeSigningKey, TestIssuer } from '../support/issuer.ts';
import { lockOf } from '../support/lock-of.ts';
import { startOfferingUpstream, toolsNamed } from '../support/offering-upstream.ts';
import { runCommand } from '../support/run-command.ts';

let cwd = '';
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'gatewright-online-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const write = (name: string, text: string) => writeFileSync(join(cwd, name), text);

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runCommand(check, args, cwd, { env });

/** `code path-of-the-place message`, of what `--online` finds in a configuration. */
const online = async (
  yaml: string,
  env: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> => {
  write('gateway.yaml', yaml);
  const { out } = await run(['--online', '--format', 'json'], env);
  const { diagnostics } = JSON.parse(out) as {
    diagnostics: { code: string; message: string; span: { offset: number; endOffset: number } }[];
  };
  return diagnostics.map(
    ({ code, message, span }) => `${code} ${yaml.slice(span.offset, span.endOffset)} ${message}`,
  );
};

const withIdentity = (url: string, identity: object): string =>
  configuration(
    { files: url },
    { server: { identity: ['staff'] }, identity: { staff: { type: 'jwt', ...identity } } },
  );

const listen = async (server: ReturnType<typeof createServer>): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

const STDIO_SERVER = fileURLToPath(new URL('../support/stdio-tool-server.ts', import.meta.url));

const withProgram = (command: readonly string[]): string => {
  const text = configuration({}, { expose: [{ upstream: 'local' }] });
  return JSON.stringify({ ...JSON.parse(text), upstreams: { local: { type: 'stdio', command } } });
};

describe('[OPS-05] gatewright check --online', () => {
  it('finds nothing where everything is there, and leaves no session behind', async () => {
    await using one = await startOfferingUpstream('one', { tools: toolsNamed('x') });
    write('gateway.lock', lockOf({ files: { tools: toolsNamed('x') } }));
    expect(await online(configuration({ files: one.url }))).toEqual([]);
    expect(one.upstream.sessions.size).toBe(0);
    expect(one.upstream.calls).toBe(0);
    expect(await online(withProgram([process.execPath, STDIO_SERVER, 'x']))).toEqual([
      expect.stringContaining('GW7004'),
    ]);
  });

  it('asks nobody without the option, nor where the configuration has errors', async () => {
    await using one = await startOfferingUpstream('one', { tools: [] });
    write('gateway.yaml', configuration({ files: one.url }));
    expect((await run([])).code).toBe(0);
    write('gateway.yaml', configuration({ files: one.url }, { expose: [{ upstream: 'flies' }] }));
    expect((await run(['--online'])).out).toContain('GW2003');
    expect(one.upstream.log).toEqual([]);
  });

  it('shows each finding at its place, in the formats of check, and fails by it', async () => {
    const port = await freePort();
    write('gateway.yaml', configuration({ files: `http://127.0.0.1:${port}/mcp` }));
    const { code, out } = await run(['--online']);
    expect(code).toBe(1);
    expect(out).toContain(
      `error[GW5002]: \`127.0.0.1:${port}\` cannot be reached: the connection was refused`,
    );
    expect(out).toContain('--> gateway.yaml:1:');
    const sarif = JSON.parse((await run(['--online', '--format', 'sarif'])).out);
    expect(sarif.runs[0].results[0].ruleId).toBe('GW5002');
  });

  it('finds a host that has no address', async () => {
    const [finding] = await online(configuration({ files: 'https://nobody.invalid/mcp' }));
    expect(finding).toMatch(/^GW5001 "https:\/\/nobody\.invalid\/mcp" host `nobody\.invalid` is not found: /);
  });

  it('finds a certificate that nobody vouches for, and takes one that the configuration does', async () => {
    const { certificate, key } = makeCertificate('localhost');
    const server = createHttpsServer({ cert: certificate, key }, (_request, response) => {
      response.writeHead(404).end();
    });
    const port = await listen(server);
    const url = `https://localhost:${port}/mcp`;
    expect(await online(configuration({ files: url }))).toEqual([
      `GW5003 "${url}" \`localhost:${port}\` cannot be trusted: its certificate is signed by itself`,
    ]);
    write('ca.pem', certificate);
    const trusted = configuration({ files: url }, { upstream: { tls: { ca: '${file:ca.pem}' } } });
    expect((await online(trusted)).map((each) => each.slice(0, 6))).toEqual(['GW5006']);
    server.close();
  });

  it('finds TLS that is none', async () => {
    await using one = await startOfferingUpstream('one', { tools: [] });
    const [finding] = await online(configuration({ files: one.url.replace('http:', 'https:') }));
    expect(finding).toMatch(/^GW5003 /);
  });

  it('finds a variable that is not set and a file that is not there, and asks nobody with half a configuration', async () => {
    await using one = await startOfferingUpstream('one', { tools: [] });
    const upstream = { credentials: { type: 'bearer', token: '${env:TOKEN}' } };
    const yaml = configuration({ files: one.url }, { upstream, sealing: { keys: ['${file:no.key}'] } });
    expect(await online(yaml)).toEqual([
      'GW5000 "token" `${env:TOKEN}` has no value here: the variable is not set',
      'GW5000 "keys" `${file:no.key}` has no value here: the file does not exist',
    ]);
    expect(one.upstream.log).toEqual([]);
  });

  it('finds an issuer whose keys are not there, or are none', async () => {
    await using one = await startOfferingUpstream('one', { tools: [] });
    const issuer = await TestIssuer.start();
    const remote = withIdentity(one.url, { issuer: issuer.url, jwks: `${issuer.url}/nowhere` });
    const [missing] = await online(remote);
    expect(missing).toMatch(/^GW5004 "jwks" the keys of `.*` cannot be had: .*\/nowhere: status 404$/);
    const discovered = withIdentity(one.url, { issuer: issuer.url });
    for (const mood of ['down', 'not-json', 'wrong-issuer', 'redirecting'] as const) {
      issuer.mood = mood;
      expect((await online(discovered))[0], mood).toMatch(/^GW5004 "issuer" /);
    }
    await issuer.close();
    expect((await online(discovered))[0]).toMatch(/^GW5002 /);
  });

  it('finds an issuer that publishes no key for the algorithms', async () => {
    await using one = await startOfferingUpstream('one', { tools: [] });
    const issuer = await TestIssuer.start();
    const fitting = await makeSigningKey('ES256', 'a');
    const other = await makeSigningKey('RS256', 'b');
    const yaml = withIdentity(one.url, { issuer: issuer.url, algorithms: ['ES256'] });
    issuer.published = [other.publicJwk, { ...fitting.publicJwk, use: 'enc' }];
    expect(await online(yaml)).toEqual([
      `GW5005 "algorithms" \`${issuer.url}\` publishes no key for \`ES256\``,
    ]);
    issuer.published = [other.publicJwk, fitting.publicJwk];
    expect(await online(yaml)).toEqual([]);
    await issuer.close();
  });

  it('finds an upstream that answers garbage, and one that is no program', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined).end('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nnope');
    });
    const port = await listen(server);
    const [finding] = await online(configuration({ files: `http://127.0.0.1:${port}/mcp` }));
    expect(finding).toMatch(/^GW5006 "files" upstream `files` does not answer: /);
    server.close();
    expect((await online(withProgram(['./no-such-program'])))[0]).toMatch(/^GW5006 "local" /);
  });

  it('gives up on an upstream and an issuer that are silent, all within a time', async () => {
    const server = createServer();
    const port = await listen(server);
    const issuer = await TestIssuer.start();
    issuer.mood = 'silent';
    write('gateway.yaml', withIdentity(`http://127.0.0.1:${port}/mcp`, { issuer: issuer.url }));
    const io = { out: () => undefined, err: () => undefined, env: {}, cwd, color: false };
    const result = compileAt({ main: 'gateway.yaml', overlays: [] }, cwd);
    const startedMs = performance.now();
    const found = await checkOnline(result, 'gateway.yaml', io, 200);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    expect(found.map(({ code }) => code).sort()).toEqual(['GW5004', 'GW5006']);
    server.close();
    await issuer.close();
  });

  it('finds an upstream that offers something else than what is locked', async () => {
    await using one = await startOfferingUpstream('one', { tools: toolsNamed('x', 'y') });
    write('gateway.lock', lockOf({ files: { tools: [{ name: 'x' }] } }));
    const pinned = { trust: { tools: 'pinned' } };
    expect(await online(configuration({ files: one.url }, { upstream: pinned }))).toEqual([
      'GW5007 "files" upstream `files` offers something else than what is locked: 2 differences',
    ]);
    const { code, out } = await run(['--online']);
    expect(code).toBe(0);
    expect(out).toContain('it is pinned: what differs is hidden');
    expect((await run(['--online', '--deny-warnings'])).code).toBe(1);
  });

  it('finds an address that somebody has', async () => {
    await using one = await startOfferingUpstream('one', { tools: [] });
    const server = createServer();
    const port = await listen(server);
    const listener = { bind: `127.0.0.1:${port}` };
    expect(await online(configuration({ files: one.url }, { listener }))).toEqual([
      `GW5008 "bind" \`127.0.0.1:${port}\` cannot be bound here: somebody has it`,
    ]);
    server.close();
  });
});

describe('what is found online', () => {
  const onTakenPort = async (comment: string, lints: string) => {
    const taken = createServer();
    const port = await listen(taken);
    write(
      'gateway.yaml',
      [
        'version: 1',
        `listeners: { main: { bind: "127.0.0.1:${port}" } } ${comment}`,
        'servers: { a: { at: [{ listener: main }], anonymous: true, expose: [{ upstream: u }] } }',
        `upstreams: { u: { type: stdio, command: ["${process.execPath}", "${STDIO_SERVER}"] } }`,
        lints,
        '',
      ].join('\n'),
    );
    const { out, code } = await run(['--online', '--format', 'json']);
    taken.close();
    const found = JSON.parse(out).diagnostics as { code: string; severity: string }[];
    return [code, found.map((each) => `${each.severity} ${each.code}`)];
  };

  it('counts as the section lints has it', async () => {
    expect(await onTakenPort('', '')).toEqual([0, ['warning GW5008']]);
    expect(await onTakenPort('', 'lints: { GW5008: error }')).toEqual([1, ['error GW5008']]);
    expect(await onTakenPort('', 'lints: { GW5008: off }')).toEqual([0, []]);
  });

  it('is lowered by a comment, which is not idle where nobody asks the network', async () => {
    expect(await onTakenPort('# gatewright-ignore GW5008: the old one still runs', '')).toEqual([0, []]);
    expect((await run(['--deny-warnings'])).code).toBe(0);
  });
});
