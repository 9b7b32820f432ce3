/**
 * `node stdio-recorder.ts <file> <program> [argument…]` runs the program and passes its standard streams through; every
 * line that is passed is also written to the file, as one line of JSON with the side it came from.
 */
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';

const [file, program, ...args] = process.argv.slice(2) as [string, string, ...string[]];
const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });

const record = (from: 'client' | 'server', text: string): void => {
  appendFileSync(file, `${JSON.stringify({ process: process.pid, from, text })}\n`);
};

const eachLine = (from: 'client' | 'server') => {
  const decoder = new TextDecoder();
  let held = '';
  return (chunk: Uint8Array): void => {
    const lines = (held + decoder.decode(chunk, { stream: true })).split('\n');
    held = lines.pop()!;
    for (const line of lines) record(from, line);
  };
};

process.stdin.on('data', eachLine('client'));
child.stdout.on('data', eachLine('server'));
process.stdin.pipe(child.stdin);
child.stdout.pipe(process.stdout);
child.stdin.on('error', () => undefined);
process.stdout.on('error', () => undefined);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => child.kill(signal));
child.on('close', (code) => process.exit(code ?? 1));
