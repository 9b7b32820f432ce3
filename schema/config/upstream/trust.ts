/** What is believed of what an upstream says about itself. */
import { closed, oneOf, optional } from '../value.ts';

export const Trust = closed(
  {
    annotations: optional(
      oneOf(['ignore', 'honour'], {
        description:
          "Whether the upstream's own tool annotations count in policies and retries; otherwise MCP's defaults (destructive, not read-only) do.",
        default: 'ignore',
      }),
    ),
  },
  { description: 'What is believed of what the upstream says.', default: {} },
);
