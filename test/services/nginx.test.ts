import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { configuration } from '../support/configuration.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { freePort } from '../support/free-port.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { callTool, toolNames } from '../support/modern-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

const isMissing = spawnSync('nginx', ['-v']).error !== undefined;

/** Passes on to the gateway and says, by path, who the client is. */
const nginxConfiguration = (folder: string, port: number, endpoint: string): string => `
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port};
    proxy_http_version 1.1;
    location = /inside {
      proxy_set_header Host ${new URL(endpoint).host};
      proxy_set_header X-Forwarded-For 10.0.0.9;
      proxy_pass ${endpoint};
    }
    location = /outside {
      proxy_set_header Host ${new URL(endpoint).host};
      proxy_set_header X-Forwarded-For 10.9.0.9;
      proxy_pass ${endpoint};
    }
    location = /appended {
      proxy_set_header Host ${new URL(endpoint).host};
      proxy_set_header X-Forwarded-For "$http_x_forwarded_for, 10.9.0.9";
      proxy_pass ${endpoint};
    }
  }
}
`;

describe.skipIf(isMissing)('behind nginx', () => {
  let folder: string;
  let upstream: FastUpstream;
  let gateway: TestGateway;
  let nginx: ChildProcess;
  let origin: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatewright-nginx-'));
    upstream = await startToolUpstream('tracker', ['get_issue']);
    const listener = { trustedProxies: ['127.0.0.1'], ip: { allow: ['10.0.0.0/24', '127.0.0.1'] } };
    gateway = await startTestGateway(configuration({ tracker: upstream.url }, { listener }), { tap: false });
    const port = await freePort();
    origin = `http://127.0.0.1:${port}`;
    const file = join(folder, 'nginx.conf');
    await writeFile(file, nginxConfiguration(folder, port, gateway.audience()));
    nginx = spawn('nginx', ['-p', folder, '-e', join(folder, 'error.log'), '-c', file], { stdio: 'ignore' });
    await vi.waitFor(() => fetch(origin), { timeout: 10_000 });
  });

  afterAll(async () => {
    nginx.kill();
    await once(nginx, 'exit');
    await gateway.close();
    await upstream.close();
    await rm(folder, { recursive: true });
  });

  it('serves lists and calls of a client whose address nginx names', async () => {
    expect(await toolNames(`${origin}/inside`)).toEqual(['get_issue']);
    expect((await callTool(`${origin}/inside`, 'get_issue')).status).toBe(200);
  });

  it('[AUTHZ-04/proxy] refuses a client that is not on the allow list, before its call reaches anybody', async () => {
    const before = upstream.calls;
    expect((await callTool(`${origin}/outside`, 'get_issue')).status).toBe(403);
    expect(upstream.calls).toBe(before);
  });

  it('[AUTHZ-04/proxy] does not believe what a client wrote into the header before nginx did', async () => {
    const headers = { 'x-forwarded-for': '10.0.0.9' };
    expect((await callTool(`${origin}/appended`, 'get_issue', {}, { headers })).status).toBe(403);
  });
});
