/** Headers towards upstreams: nothing that the gateway itself sets, and no credential of the caller. */
import { isReference } from '../../schema/graph/graph.ts';
import { type Configuration, type GatewayData, keyAt, placeAt } from '../configuration.ts';
import type { Report } from '../diagnostics/report.ts';
import type { Place } from '../source/source-file.ts';
import type { Check } from './check.ts';

const CREDENTIALS = new Set(['authorization', 'proxy-authorization', 'cookie', 'x-api-key']);

/** Of the connection, of the message's framing, of the protocol (MCP 2026-07-28, streamable-http). */
const OWN =
  /^(?:connection|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|expect|host|content-length|content-type|content-encoding|accept|accept-encoding|origin|last-event-id|forwarded|x-forwarded-.*|mcp-.*)$/;

/** Whether a header, in lower case, is the gateway's or the connection's own. */
export const isOwnHeader = (name: string): boolean => OWN.test(name);

const reasonAgainst = (name: string, use: 'forward' | 'set'): 'credential' | 'own' | undefined => {
  if (use === 'forward' && CREDENTIALS.has(name)) return 'credential';
  return isOwnHeader(name) ? 'own' : undefined;
};

/** Control characters would end the header and start another. */
const isValue = (value: string): boolean => isReference(value) || /^[\t\x20-\x7e\x80-\xff]*$/.test(value);

type WithHeaders = Extract<GatewayData['upstreams'][string], { type: 'http' | 'openapi' }>;

/** The header that the upstream's own credential is sent in, in lower case. */
const credentialHeader = ({ credentials }: WithHeaders): string | undefined => {
  if (credentials?.type !== 'api-key') return credentials && 'authorization';
  return credentials.in === 'header' ? credentials.name.toLowerCase() : undefined;
};

const checkCredential = (
  config: Configuration,
  name: string,
  upstream: WithHeaders,
  report: Report,
): void => {
  const header = credentialHeader(upstream);
  if (header === undefined || !isOwnHeader(header)) return;
  report('GW3050', placeAt(config, 'upstreams', name, 'credentials', 'name'), {
    header,
    use: 'set',
    reason: 'own',
  });
};

/** Whether a header can tell no deadline, as something else is in it. */
export const isReserved = (name: string): boolean => isOwnHeader(name) || CREDENTIALS.has(name);

const checkSet = (
  config: Configuration,
  name: string,
  forwarded: ReadonlyMap<string, Place>,
  report: Report,
): void => {
  const upstream = config.data.upstreams[name]!;
  if (upstream.type === 'stdio') return;
  const seen = new Map<string, Place>(forwarded);
  for (const [header, value] of Object.entries(upstream.headers!.set ?? {})) {
    const path = ['upstreams', name, 'headers', 'set', header] as const;
    const key = keyAt(config, ...path);
    const lower = header.toLowerCase();
    const reason = reasonAgainst(lower, 'set');
    const before = seen.get(lower);
    if (reason) report('GW3050', key, { header, use: 'set', reason });
    if (lower === credentialHeader(upstream)) {
      const labels = [
        { place: keyAt(config, 'upstreams', name, 'credentials'), text: 'the credential is sent in it' },
      ];
      report('GW3051', key, { header }, { labels });
    } else if (before)
      report('GW3051', key, { header }, { labels: [{ place: before, text: 'first given here' }] });
    seen.set(lower, key);
    if (!isValue(value)) report('GW3052', placeAt(config, ...path), { header });
  }
  checkDeadline(config, name, seen, report);
};

/** What tells the deadline is in use for nothing else. */
const checkDeadline = (
  config: Configuration,
  name: string,
  others: ReadonlyMap<string, Place>,
  report: Report,
): void => {
  const upstream = config.data.upstreams[name]!;
  const header = upstream.type === 'stdio' ? undefined : upstream.headers!.deadline;
  if (upstream.type === 'stdio' || header === undefined) return;
  const place = placeAt(config, 'upstreams', name, 'headers', 'deadline');
  const lower = header.toLowerCase();
  const isCredential = lower === credentialHeader(upstream);
  const before = isCredential ? keyAt(config, 'upstreams', name, 'credentials') : others.get(lower);
  const text = isCredential ? 'the credential is sent in it' : 'first given here';
  if (isReserved(lower)) report('GW3050', place, { header, use: 'set', reason: 'own' });
  if (before) report('GW3051', place, { header }, { labels: [{ place: before, text }] });
};

export const checkUpstreamHeaders: Check = (config, report) => {
  for (const [name, upstream] of Object.entries(config.data.upstreams)) {
    if (upstream.type === 'stdio') continue;
    const forwarded = new Map<string, Place>();
    for (const [index, header] of upstream.headers!.forward!.entries()) {
      const place = placeAt(config, 'upstreams', name, 'headers', 'forward', index);
      const reason = reasonAgainst(header.toLowerCase(), 'forward');
      if (reason) report('GW3050', place, { header, use: 'forward', reason });
      forwarded.set(header.toLowerCase(), place);
    }
    checkCredential(config, name, upstream, report);
    checkSet(config, name, forwarded, report);
  }
};
