/** The security headers of a listener by the options that set them; those that are left out are not said. */
import type { ListenerNode } from '../../../schema/graph/listener.ts';
import { durationText } from '../../../schema/unit.ts';
import { HEADER_NAMES } from '../../lower/response-headers.ts';
import { map, plain, type Written, type WrittenMap } from '../written.ts';

const writeHsts = (value: string): Written => {
  const seconds = /^max-age=(\d+)/.exec(value)?.[1];
  return map({
    maxAge: plain(durationText(Number(seconds) * 1000)),
    includeSubDomains: plain(value.includes('includeSubDomains')),
    preload: plain(value.includes('preload')),
  });
};

export const writeResponseHeaders = (headers: ListenerNode['headers']): WrittenMap => {
  const values = new Map(headers);
  return map(
    Object.fromEntries(
      Object.entries(HEADER_NAMES).map(([option, name]) => {
        const value = values.get(name);
        return [option, option === 'hsts' && value !== undefined ? writeHsts(value) : plain(value)];
      }),
    ),
  );
};
