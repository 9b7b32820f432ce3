/** What V8 has compiled, laid beside what was built, so that a start need not compile it again. */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, globSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The variables that name it: wherever program and bytecode are moved to together it holds. */
export const bytecodeEnvironment = (folder: string): Record<string, string> => ({
  NODE_COMPILE_CACHE: folder,
  NODE_COMPILE_CACHE_PORTABLE: '1',
});

/** All that a first call needs but an upstream, which the call finds gone. */
const CONFIGURATION = {
  version: 1,
  listeners: { main: { bind: '127.0.0.1:0' }, ops: { bind: '127.0.0.1:0', serve: ['health'] } },
  upstreams: { gone: { type: 'http', endpoints: ['http://127.0.0.1:9/mcp'] } },
  servers: {
    any: { at: [{ listener: 'main', path: '/mcp' }], anonymous: true, expose: [{ upstream: 'gone' }] },
  },
};

const CALL = {
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: {
    name: 'any',
    arguments: {},
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'bytecode', version: '1.0.0' },
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  },
};

const callOnce = async (url: string): Promise<void> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': CALL.params.name,
    },
    body: JSON.stringify(CALL),
  });
  await response.arrayBuffer();
};

/** Serves for a moment, with one call and one look at its health. */
const serveOnce = async (node: string, program: string, file: string, env: Record<string, string>) => {
  const gateway = spawn(node, [program, 'run', file], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let written = '';
  gateway.stderr.on('data', (chunk: Buffer) => {
    written += chunk;
  });
  const ended = new Promise<number | null>((resolve) => gateway.once('exit', resolve));
  try {
    let served: string | undefined;
    for await (const line of createInterface({ input: gateway.stdout })) {
      served = /(http:\S+\/mcp)/.exec(line)?.[1] ?? served;
      const ops = /\(operations\) +(http:\S+)/.exec(line)?.[1];
      if (served === undefined || ops === undefined) continue;
      await callOnce(served);
      execFileSync(node, [program, 'health', ops], { env });
      break;
    }
  } finally {
    gateway.kill('SIGTERM');
  }
  const code = await ended;
  if (code !== 0) throw new Error(`the gateway whose bytecode is wanted ended with code ${code}\n${written}`);
};

/** Writes the bytecode of what `program` needs to serve into `folder`, readable by all. `node` is who will read it. */
export const writeBytecode = async (node: string, program: string, folder: string): Promise<void> => {
  const scratch = mkdtempSync(join(tmpdir(), 'gatewright-bytecode-'));
  try {
    const file = join(scratch, 'gateway.yaml');
    writeFileSync(file, JSON.stringify(CONFIGURATION));
    await serveOnce(node, program, file, bytecodeEnvironment(folder));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  for (const path of globSync('**', { cwd: folder }).map((each) => join(folder, each)))
    chmodSync(path, statSync(path).isDirectory() ? 0o755 : 0o644);
};
