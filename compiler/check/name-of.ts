/** References by name: each must be defined in its section. */
import type { NamedSection } from '../../schema/config/value.ts';
import type { Configuration } from '../configuration.ts';
import { meantFix } from '../diagnostics/meant-fix.ts';
import { nearest } from '../diagnostics/nearest.ts';
import { valueAt } from '../source/tree.ts';
import type { Check } from './check.ts';

const CODES = {
  listeners: 'GW2001',
  identity: 'GW2002',
  upstreams: 'GW2003',
  policies: 'GW2004',
  limits: 'GW2005',
  servers: 'GW2006',
} as const satisfies Record<NamedSection, string>;

/** Whether all names of a section are known: it is a mapping, and its keys could be read. */
const isComplete = ({ tree, faults }: Configuration, section: NamedSection): boolean => {
  const value = valueAt(tree, [section]);
  if (value?.kind === 'map') return !value.isIncomplete;
  return !faults.some((fault) => fault.length === 1 && fault[0] === section);
};

export const checkNames: Check = (config, report) => {
  for (const { scalar, schema } of config.scalars) {
    const section = schema['x-name-of'];
    if (section === undefined || config.names[section].has(String(scalar.value))) continue;
    if (!isComplete(config, section)) continue;
    const name = String(scalar.value);
    const known = [...config.names[section].keys()];
    const near = nearest(name, known);
    const defined = near === undefined ? undefined : config.names[section].get(near);
    report(
      CODES[section],
      scalar.place,
      { name, nearest: near, known },
      {
        labels: defined ? [{ place: defined, text: 'similar name defined here' }] : [],
        fixes: meantFix(scalar.place, name, near, known),
      },
    );
  }
};
