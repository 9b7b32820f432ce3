/** Listeners that become reachable, and allowlists that admit more. */
import { DEFAULT_JSON } from '../../../schema/config/listener.ts';
import type { ListenerNode } from '../../../schema/graph/listener.ts';
import { isLoopbackBind } from '../../lower/listener.ts';
import { addressSet, rangesText, subtract } from '../address-set.ts';
import { bindText } from '../write/listener.ts';
import {
  listed,
  missingFrom,
  type Pair,
  pairsOf,
  type Risk,
  type RiskId,
  type RiskSeverity,
  type RisksOf,
} from './risk.ts';

const EVERY_ADDRESS = ['0.0.0.0/0', '::/0'];

const admitted = ({ ip }: ListenerNode) =>
  subtract(addressSet(ip.allow ?? EVERY_ADDRESS), addressSet(ip.deny));

type Add = (id: RiskId, severity: RiskSeverity, text: string, ...path: readonly string[]) => void;

const judgeReach = (name: string, before: ListenerNode | undefined, after: ListenerNode, add: Add): void => {
  if (isLoopbackBind(after.bind)) return;
  const address = bindText(after.bind);
  if (before === undefined)
    add(
      'public-listener',
      'high',
      `new listener \`${name}\` is reachable from other machines at ${address}`,
      'bind',
    );
  else if (isLoopbackBind(before.bind))
    add(
      'public-listener',
      'high',
      `listener \`${name}\` moves from this machine alone to ${address}`,
      'bind',
    );
};

const judgeTls = (name: string, before: ListenerNode, after: ListenerNode, add: Add): void => {
  if (before.tls !== undefined && after.tls === undefined)
    add('tls-removed', 'high', `listener \`${name}\` speaks clear text`, 'tls');
  else if (before.tls?.minVersion === '1.3' && after.tls?.minVersion === '1.2')
    add('tls-weakened', 'high', `listener \`${name}\` accepts TLS 1.2`, 'tls', 'minVersion');
};

const judgeAddresses = (name: string, before: ListenerNode, after: ListenerNode, add: Add): void => {
  const ranges = rangesText(subtract(admitted(after), admitted(before)));
  if (ranges.length > 0)
    add('ip-widened', 'high', `listener \`${name}\` admits clients from ${listed(ranges)}`, 'ip');
  const proxies = subtract(addressSet(after.trustedProxies), addressSet(before.trustedProxies));
  const trusted = rangesText(proxies);
  if (trusted.length > 0) {
    const text = `listener \`${name}\` believes what ${listed(trusted)} say of client addresses`;
    add('proxies-widened', 'high', text, 'trustedProxies');
  }
};

const judgeNames = (name: string, before: ListenerNode, after: ListenerNode, add: Add): void => {
  const hosts = missingFrom(before.hosts, after.hosts);
  if (hosts.length > 0)
    add('hosts-widened', 'medium', `listener \`${name}\` serves requests for ${listed(hosts)}`, 'hosts');
  const origins = before.origins.includes('*') ? [] : missingFrom(before.origins, after.origins);
  if (origins.length > 0) {
    const severity = origins.includes('*') ? 'high' : 'medium';
    add(
      'origins-widened',
      severity,
      `web pages of ${listed(origins)} may call listener \`${name}\``,
      'origins',
    );
  }
};

const judgeHeaders = (name: string, before: ListenerNode, after: ListenerNode, add: Add): void => {
  const gone = missingFrom(
    after.headers.map(([header]) => header),
    before.headers.map(([header]) => header),
  );
  if (gone.length > 0)
    add('security-header-removed', 'low', `replies of listener \`${name}\` lack ${listed(gone)}`, 'headers');
};

const judgeOperations = (
  name: string,
  before: ListenerNode | undefined,
  after: ListenerNode,
  add: Add,
): void => {
  const services = missingFrom(before?.serve ?? [], after.serve);
  const open = after.identities.length === 0;
  if (services.length > 0 && !isLoopbackBind(after.bind)) {
    const whom = open ? 'anybody who reaches it' : listed(after.identities);
    add(
      'operations-widened',
      open ? 'high' : 'medium',
      `listener \`${name}\` serves ${listed(services)} to ${whom}`,
      'serve',
    );
  }
  if (before === undefined || before.serve.length === 0) return;
  if (before.identities.length > 0 && open)
    add('anonymous-on', 'high', `operations listener \`${name}\` asks nobody who they are`, 'identity');
  const admitted = before.identities.length === 0 ? [] : missingFrom(before.identities, after.identities);
  if (admitted.length > 0)
    add(
      'identity-admitted',
      'medium',
      `listener \`${name}\` admits callers of ${listed(admitted)}`,
      'identity',
    );
};

const SIZES = ['bodyBytes', 'headerBytes', 'jsonDepth', 'jsonItems', 'jsonLength'] as const;
const CONNECTIONS = ['max', 'maxPerAddress', 'headerTimeoutMs', 'bodyTimeoutMs', 'idleTimeoutMs'] as const;

const judgeBounds = (name: string, before: ListenerNode, after: ListenerNode, add: Add): void => {
  const { items, length } = DEFAULT_JSON;
  const sizesOf = ({ sizes }: ListenerNode) => ({ jsonItems: items, jsonLength: length, ...sizes });
  if (SIZES.some((size) => sizesOf(after)[size] > sizesOf(before)[size]))
    add('limit-raised', 'low', `listener \`${name}\` takes larger requests`, 'sizes');
  if (CONNECTIONS.some((bound) => after.connections[bound] > before.connections[bound]))
    add('limit-raised', 'low', `listener \`${name}\` holds more connections, or for longer`, 'connections');
};

const judge = ({ name, before, after }: Pair<ListenerNode>): readonly Risk[] => {
  const risks: Risk[] = [];
  if (after === undefined) return risks;
  const add: Add = (id, severity, text, ...path) =>
    risks.push({ id, severity, text, side: 'after', path: ['listeners', name, ...path] });
  judgeReach(name, before, after, add);
  judgeOperations(name, before, after, add);
  if (before === undefined) return risks;
  for (const each of [judgeTls, judgeAddresses, judgeNames, judgeHeaders, judgeBounds])
    each(name, before, after, add);
  return risks;
};

export const listenerRisks: RisksOf = (before, after) =>
  pairsOf(before.listeners, after.listeners).flatMap(judge);
