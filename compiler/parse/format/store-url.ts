/** Where a store is: scheme, host, port and the number of a database. */
import type { FormatCheck } from './format.ts';

const STORE_URL = /^rediss?:\/\/(?:\[[0-9a-f:.]+\]|[\w.-]+)(?::(?<port>\d{1,5}))?(?:\/\d{0,5})?$/i;
const FOREIGN_SCHEME = /^valkey(s?):\/\//i;

const isStoreUrl = (text: string): boolean => {
  const port = STORE_URL.exec(text)?.groups;
  return port !== undefined && Number(port.port ?? 6379) <= 65_535 && port.port !== '0';
};

/** The text with what it lacks, if that makes it right. */
const meant = (text: string): string | undefined => {
  const whole = FOREIGN_SCHEME.test(text) ? text.replace(FOREIGN_SCHEME, 'redis$1://') : `redis://${text}`;
  return isStoreUrl(whole) ? whole : undefined;
};

export const checkStoreUrl: FormatCheck = ({ text, place, report }) => {
  if (isStoreUrl(text)) return true;
  const suggestion = meant(text);
  const fixes =
    suggestion === undefined ? [] : [{ place, text: suggestion, applicability: 'maybe' as const }];
  // What stands before an @ may be a password.
  report('GW3062', place, { text: text.replace(/\/\/.*@/, '//…@'), suggestion }, { fixes });
  return false;
};
