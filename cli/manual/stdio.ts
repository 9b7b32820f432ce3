/** The manual of `gatewright stdio`. */
import { PROJECT_OPTIONS, PROJECT_USAGE } from '../project-options.ts';
import { TRUST_OPTIONS } from '../trust-options.ts';
import type { CommandManual } from './manual.ts';

export const STDIO = {
  usage: `<server> ${PROJECT_USAGE}`,
  summary: 'serve one server on standard input and output, for a client that starts it',
  about: [
    'No address is bound, and nothing but MCP is on standard output. For a server with identities, `GATEWRIGHT_TOKEN` holds an API key or an access token.',
  ],
  options: {
    ...PROJECT_OPTIONS,
    ...TRUST_OPTIONS,
    log: { type: 'string', value: 'file', does: 'write the log there; by default it goes to standard error' },
  },
  exits: { 0: 'ended in order', 1: 'there is nothing to serve, or the token is refused' },
  examples: [
    { line: 'gatewright stdio engineering /etc/gateway.yaml', does: 'what a client is told to start' },
  ],
} as const satisfies CommandManual;
