/** GW4xxx: what is unsafe although it would work. */
import { entry } from '../entry.ts';

export const POSTURE = {
  GW4010: entry<{ what: string }>({
    severity: 'error',
    title: 'Secret in the configuration',
    message: ({ what }) => `\`${what}\` must not be written into the configuration`,
    help: () => ['refer to it: `${file:/run/secrets/name}` or `${env:NAME}`'],
    note: () => ['configurations end up in version control, in backups and on screens'],
  }),
};
