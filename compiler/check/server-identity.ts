/** A server says who may call: some identities, or anybody. */
import { type Configuration, isWritten, keyAt } from '../configuration.ts';
import type { Check } from './check.ts';

/** Whether neither key was misspelt or has a value of the wrong type: that was reported. */
const isAnswerKnown = ({ faults }: Configuration, server: string): boolean =>
  !faults.some(
    ([section, name, key]) =>
      section === 'servers' &&
      name === server &&
      (key === undefined || key === 'anonymous' || key === 'identity'),
  );

export const checkServerIdentity: Check = (config, report) => {
  for (const [name, { anonymous }] of Object.entries(config.data.servers)) {
    const hasIdentity = isWritten(config, 'servers', name, 'identity');
    if (hasIdentity && anonymous) {
      report(
        'GW3041',
        keyAt(config, 'servers', name, 'anonymous'),
        { owner: `server \`${name}\`` },
        {
          labels: [
            { place: keyAt(config, 'servers', name, 'identity'), text: 'identities are asked for here' },
          ],
        },
      );
    } else if (!hasIdentity && !anonymous && isAnswerKnown(config, name)) {
      const known = [...config.names.identity.keys()];
      report('GW3040', keyAt(config, 'servers', name), { name, known });
    }
  }
};
