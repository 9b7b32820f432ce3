/** The manual of `gatewright health`. */
import type { CommandManual } from './manual.ts';

export const HEALTH = {
  usage: '[url]',
  summary: 'ask a running gateway whether it is ready',
  about: [
    'For health checks where there is no other program: asks `/-/ready` of an operations listener, by default at http://127.0.0.1:9090.',
  ],
  options: {
    timeout: { type: 'string', default: '2s', value: 'duration', does: 'how long to wait for an answer' },
  },
  exits: { 0: 'ready', 1: 'not ready, or no answer' },
  examples: [
    { line: 'gatewright health http://127.0.0.1:9090', does: 'as the health check of the container' },
  ],
} as const satisfies CommandManual;
