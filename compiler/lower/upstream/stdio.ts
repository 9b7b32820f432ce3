/** `stdio`: program, arguments and the whole environment. */
import type { StdioUpstreamNode } from '../../../schema/graph/upstream.ts';
import type { GatewayData } from '../../configuration.ts';
import { lowerTraffic } from './traffic.ts';

type StdioData = Extract<GatewayData['upstreams'][string], { type: 'stdio' }>;

export const lowerStdioUpstream = (upstream: StdioData, name: string): StdioUpstreamNode => ({
  kind: 'upstream',
  type: 'stdio',
  name,
  command: upstream.command[0]!,
  args: upstream.command.slice(1),
  env: upstream.env ?? {},
  directory: upstream.directory!,
  isolation: upstream.isolation!,
  ...lowerTraffic(upstream),
});
