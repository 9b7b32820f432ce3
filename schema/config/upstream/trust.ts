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
    tools: optional(
      oneOf(['any', 'pinned'], {
        description:
          'What the upstream may offer. `pinned`: only those tools, prompts, resource templates and instructions that `gateway.lock` has, exactly as it has them; what differs is hidden, refused and reported until `gatewright lock` takes it in. No other upstream of a server gets a name that is pinned.',
        default: 'any',
      }),
    ),
  },
  { description: 'What is believed of what the upstream says.', default: {} },
);
