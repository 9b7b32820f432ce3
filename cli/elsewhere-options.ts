/** What `run` takes about a configuration that comes from elsewhere. */

export const DEFAULT_POLL = '30s';

/** To be spread into the options of a command's manual. */
export const ELSEWHERE_OPTIONS = {
  poll: {
    type: 'string',
    value: 'duration',
    does: `how often a configuration from elsewhere is looked at, a tenth more or less; by default every ${DEFAULT_POLL}`,
  },
  base: {
    type: 'string',
    value: 'folder',
    does: 'what paths of `${file:…}` in a configuration from elsewhere are relative to; by default the working directory',
  },
} as const;
