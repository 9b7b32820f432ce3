/** `bind`: where a listener listens. */
import { parseBind } from '../../address.ts';
import type { FormatCheck } from './format.ts';

const guess = (text: string): string | undefined => {
  if (/^\d+$/.test(text)) return `127.0.0.1:${text}`;
  if (/^:\d+$/.test(text)) return `127.0.0.1${text}`;
  if (/^\*:\d+$/.test(text)) return `0.0.0.0${text.slice(1)}`;
  if (/^[\d.]+$|^localhost$/.test(text)) return `${text}:8080`;
  const url = /^https?:\/\/([^/]+)\/?$/.exec(text);
  return url?.[1];
};

const advice = (text: string): string | undefined => {
  const meant = guess(text);
  return meant !== undefined && parseBind(meant) ? meant : undefined;
};

export const checkBind: FormatCheck = ({ text, place, report }) => {
  if (parseBind(text)) return true;
  const suggestion = advice(text);
  const isName = suggestion === undefined && /^[a-z][\w-]*(?:\.[\w-]+)+(?::\d+)?$/i.test(text);
  const fixes =
    suggestion === undefined ? [] : [{ place, text: `"${suggestion}"`, applicability: 'maybe' as const }];
  report('GW3009', place, { text, suggestion, isName }, { fixes });
  return false;
};
