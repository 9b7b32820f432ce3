/** `telemetry`: what is told while running. */
import type { Static } from 'typebox';
import { closed, flag, oneOf, optional } from './value.ts';

export const Telemetry = closed(
  {
    log: optional(
      closed(
        {
          level: optional(
            oneOf(['debug', 'info', 'warn', 'error', 'silent'], {
              description: 'The least important line that is written.',
              default: 'info',
            }),
          ),
          format: optional(
            oneOf(['json', 'pretty'], {
              description: 'JSON lines, or text for a terminal.',
              default: 'json',
            }),
          ),
          access: optional(flag({ description: 'One line for each request.', default: true })),
        },
        { description: 'The log, on standard error.', default: {} },
      ),
    ),
    metrics: optional(
      closed(
        {
          prometheus: optional(
            flag({ description: 'Serve Prometheus metrics on the operations listener.', default: true }),
          ),
        },
        { description: 'Metrics.', default: {} },
      ),
    ),
  },
  { description: 'Log and metrics.', default: {} },
);

export type Telemetry = Static<typeof Telemetry>;
