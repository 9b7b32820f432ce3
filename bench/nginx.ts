/** nginx as a reverse proxy with kept upstream connections: the reference that everybody knows. */
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { processTree } from './cpu-time.ts';
import { startPinned } from './pinned-process.ts';
import { freePort, isListening, type Target } from './target.ts';

const START_DEADLINE_MS = 5_000;

/** The version of the installed nginx, or undefined where there is none. */
export const nginxVersion = (): string | undefined => {
  const { error, stderr } = spawnSync('nginx', ['-v'], { encoding: 'utf8' });
  return error === undefined ? /nginx\/(\S+)/.exec(stderr)?.[1] : undefined;
};

const configuration = (folder: string, port: number, upstreamPort: number): string => `
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  keepalive_requests 1000000000;
  upstream mcp {
    server 127.0.0.1:${upstreamPort};
    keepalive 64;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=1024;
    location / {
      proxy_pass http://mcp;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`;

/** Starts nginx with one worker on `core`; its files lie in `folder`. */
export const startNginx = async (
  core: number,
  folder: string,
  upstreamPort: number,
): Promise<Target & AsyncDisposable> => {
  const port = await freePort();
  const file = join(folder, 'nginx.conf');
  await writeFile(file, configuration(folder, port, upstreamPort));
  const command = ['nginx', '-p', folder, '-e', 'stderr', '-c', file];
  const nginx = startPinned(core, command, ['ignore', 'inherit', 'inherit']);
  const deadlineMs = performance.now() + START_DEADLINE_MS;
  while (!(await isListening(port))) {
    if (performance.now() > deadlineMs) throw new Error('nginx does not listen');
    await delay(10);
  }
  return {
    name: 'nginx',
    port,
    era: 'modern',
    pids: processTree(nginx.pid),
    [Symbol.asyncDispose]: () => nginx[Symbol.asyncDispose](),
  };
};
