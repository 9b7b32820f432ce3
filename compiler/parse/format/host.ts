/** Values of `Host`: a name or an address, with an optional port. */
import { isIP } from 'node:net';
import { isHostName } from '../../address.ts';
import type { FormatCheck } from './format.ts';

/** Host and port of a `Host` value; undefined if it is none. Addresses of IPv6 keep their brackets. */
export const parseHost = (text: string): { host: string; port: string | undefined } | undefined => {
  const match = /^(\[[^\]]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(text);
  if (!match || Number(match[2] ?? 1) > 65_535) return undefined;
  const host = match[1]!;
  const isRight = host.startsWith('[') ? isIP(host.slice(1, -1)) === 6 : isIP(host) === 4 || isHostName(host);
  return isRight ? { host: host.toLowerCase(), port: match[2] } : undefined;
};

export const checkHost: FormatCheck = ({ text, place, report }) => {
  if (parseHost(text)) return true;
  const url = /^https?:\/\/([^/]+)/.exec(text)?.[1];
  const bare = isIP(text) === 6 ? `[${text}]` : undefined;
  const suggestion = url ?? bare;
  const written = suggestion?.startsWith('[') ? `"${suggestion}"` : suggestion;
  const fixes = written === undefined ? [] : [{ place, text: written, applicability: 'maybe' } as const];
  report('GW3008', place, { text, suggestion }, { fixes });
  return false;
};
