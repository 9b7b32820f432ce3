/** Web origins (RFC 6454): scheme, host and port. `*` is judged by the posture rules. */
import type { FormatCheck } from './format.ts';

export const checkOrigin: FormatCheck = ({ text, place, report }) => {
  if (text === '*') return true;
  const url =
    /^[a-z][a-z0-9+.-]*:\/\/[^\s\\]+$/i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  const isWeb = url !== undefined && ['http:', 'https:'].includes(url.protocol) && url.hostname !== '';
  const isBare =
    isWeb && url.username === '' && /^[a-z]+:\/\/[^/?#]+$/i.test(text) && !url.hostname.includes('*');
  if (isBare) return true;
  const bare = /^[\w-]+(?:\.[\w-]+)+(?::\d+)?$/.test(text) ? `https://${text}` : undefined;
  const suggestion = isWeb && !url.hostname.includes('*') ? url.origin : bare;
  const applicability = text === `${suggestion}/` ? 'always' : 'maybe';
  const fixes = suggestion === undefined ? [] : [{ place, text: suggestion, applicability } as const];
  report('GW3007', place, { text, suggestion }, { fixes });
  return false;
};
