/** `advertise`: where others reach this gateway. */
import { isHostName, isWildcardHost, parseBind } from '../../address.ts';
import type { FormatCheck } from './format.ts';

type Fault = 'shape' | 'port' | 'wildcard';

const faultOf = (text: string): Fault | undefined => {
  const [, name, digits] = /^([^:[\]]+):(\d{1,5})$/.exec(text) ?? [];
  const bind = parseBind(text);
  const isNamed = name !== undefined && isHostName(name) && Number(digits) <= 65_535;
  if (bind?.type !== 'tcp' && !isNamed) return 'shape';
  if (bind?.type === 'tcp' && isWildcardHost(bind.host)) return 'wildcard';
  return Number(/\d+$/.exec(text)![0]) === 0 ? 'port' : undefined;
};

export const checkPeerAddress: FormatCheck = ({ text, place, report }) => {
  const fault = faultOf(text);
  if (fault === undefined) return true;
  report('GW3150', place, { text, fault });
  return false;
};
