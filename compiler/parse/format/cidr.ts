/** Address ranges. */
import { parseRange } from '../../address.ts';
import type { FormatCheck } from './format.ts';

/** Bits of a netmask such as `255.255.0.0`. */
const bitsOfMask = (mask: string): number | undefined => {
  const bits = mask
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('');
  return /^1*0*$/.test(bits) && bits.length === 32 ? bits.indexOf('0') : undefined;
};

/** The range that a netmask, a `*` for the last parts or a port stands for. */
const guess = (text: string): string | undefined => {
  const [, address, mask] = /^([\d.]+)\/(\d+\.\d+\.\d+\.\d+)$/.exec(text) ?? [];
  const bits = mask === undefined ? undefined : bitsOfMask(mask);
  if (bits !== undefined) return `${address}/${bits}`;
  const parts = /^\d+(?:\.(?:\d+|\*)){1,3}$/.test(text) ? text.split('.') : [];
  const fixed = parts.indexOf('*');
  if (fixed > 0 && parts.slice(fixed).every((part) => part === '*')) {
    const numbers = [...parts.slice(0, fixed), '0', '0', '0'].slice(0, 4);
    return `${numbers.join('.')}/${fixed * 8}`;
  }
  return /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1];
};

const advice = (text: string): string | undefined => {
  const meant = guess(text);
  return meant === undefined ? undefined : parseRange(meant)?.canonical;
};

export const checkCidr: FormatCheck = ({ text, place, report }) => {
  const range = parseRange(text);
  if (!range) {
    const suggestion = advice(text);
    const fixes =
      suggestion === undefined ? [] : [{ place, text: `"${suggestion}"`, applicability: 'maybe' as const }];
    report('GW3005', place, { text, suggestion }, { fixes });
    return false;
  }
  if (range.hasHostBits) {
    const fixes = [{ place, text: `"${range.canonical}"`, applicability: 'maybe' as const }];
    report('GW3014', place, { text, canonical: range.canonical }, { fixes });
  }
  return true;
};
