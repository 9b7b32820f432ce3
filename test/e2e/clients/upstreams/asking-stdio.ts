/** The asking server over its own pipes. */
import { EventEmitter } from 'node:events';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { buildAskingServer } from './asking-server.ts';

await buildAskingServer({ events: new EventEmitter(), visited: new Set() }).connect(
  new StdioServerTransport(),
);
