/**
 * Task ids as clients see them: the upstream's own, sealed with where it belongs. Possession of one is not
 * authorisation (MCP 2026-07-28, tasks, SEP-2663, Security): it opens for its principal and server only.
 */
import type { Principal } from '../../../schema/principal.ts';
import type { PreparedServer } from '../server.ts';

/** What a client's task id stands for. */
export interface TaskOrigin {
  readonly upstream: string;
  /** The exposed name of the tool that it runs for. */
  readonly tool: string;
  /** The upstream's task id. */
  readonly id: string;
}

type Sealing = Pick<PreparedServer, 'sealer' | 'node'>;

const boundTo = ({ node }: Sealing, principal: Principal): readonly string[] => [principal.key, node.name];

/** The client's id of a task: always the same one for the same task. */
export const sealTaskId = (
  server: Sealing,
  principal: Principal,
  { upstream, tool, id }: TaskOrigin,
): string => server.sealer.sealName('task', boundTo(server, principal), JSON.stringify([upstream, tool, id]));

/** What a client's task id stands for; undefined for an unknown one, and for one of another principal or server. */
export const openTaskId = (server: Sealing, principal: Principal, sealed: string): TaskOrigin | undefined => {
  const text = server.sealer.open('task', boundTo(server, principal), sealed);
  if (text === undefined) return undefined;
  const [upstream, tool, id] = JSON.parse(text) as [string, string, string];
  return { upstream, tool, id };
};
