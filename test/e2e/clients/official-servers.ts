/** The official servers as stdio upstreams. */
import { fileURLToPath } from 'node:url';
import { SLOW_START } from '../../support/slow-start.ts';
import type { StdioRecord } from '../../support/stdio-record.ts';

const program = (name: string): string =>
  fileURLToPath(
    new URL(`../../../node_modules/@modelcontextprotocol/${name}/dist/index.js`, import.meta.url),
  );

/** @modelcontextprotocol/server-everything. */
export const everythingOverStdio = (record: StdioRecord, over: object = {}): object => ({
  type: 'stdio',
  ...SLOW_START,
  command: record.command(process.execPath, program('server-everything')),
  ...over,
});

/** @modelcontextprotocol/server-filesystem on one folder. */
export const filesOverStdio = (record: StdioRecord, folder: string): object => ({
  type: 'stdio',
  ...SLOW_START,
  command: record.command(process.execPath, program('server-filesystem'), folder),
});

/** @modelcontextprotocol/server-memory with its graph in a file. */
export const memoryOverStdio = (record: StdioRecord, file: string): object => ({
  type: 'stdio',
  ...SLOW_START,
  command: record.command(process.execPath, program('server-memory')),
  env: { MEMORY_FILE_PATH: file },
});
