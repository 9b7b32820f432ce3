/** What is pinned must be locked. */
import { definitionHash } from '../../../policies/pin/definition-hash.ts';
import { parseExactly } from '../../../schema/escaped-keys.ts';
import { type Configuration, isSound, placeAt } from '../../configuration.ts';
import type { Report } from '../../diagnostics/report.ts';
import type { Inputs } from '../../input/inputs.ts';

/** Tools of an HTTP API that callers do not see, as the lock has them not or otherwise. */
const hiddenTools = ({ specs, lock }: Inputs, name: string): readonly string[] => {
  const isLocked = lock !== undefined && Object.hasOwn(lock.upstreams, name);
  const locked = new Map(
    (isLocked ? lock.upstreams[name]!.tools : []).map((item) => [item.name, item.sha256]),
  );
  return (specs.get(name)?.operations ?? [])
    .filter((operation) => locked.get(operation.name) !== definitionHash(parseExactly(operation.tool)))
    .map((operation) => operation.name);
};

/**
 * Nothing is known of a pinned MCP server that was never locked. Of an HTTP API it is known what it would offer: that
 * is hidden until it is locked, and does not keep all else from being served.
 */
export const checkPinned = (config: Configuration, inputs: Inputs, report: Report): void => {
  for (const [name, upstream] of Object.entries(config.data.upstreams)) {
    if (!isSound(config, 'upstreams', name) || upstream.trust?.tools !== 'pinned') continue;
    const place = placeAt(config, 'upstreams', name, 'trust', 'tools');
    if (upstream.type === 'openapi') {
      const tools = hiddenTools(inputs, name);
      if (tools.length > 0) report('GW7006', place, { name, tools });
    } else if (inputs.lock === undefined || !Object.hasOwn(inputs.lock.upstreams, name)) {
      report('GW7005', place, { name });
    }
  }
};
