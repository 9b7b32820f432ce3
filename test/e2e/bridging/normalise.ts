/** What the specification says differs between the eras or behind a gateway, taken out before results are compared. */

type Json = unknown;

/** Each key that is left out wherever it stands, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  'io.modelcontextprotocol/serverInfo': 'modern results name who answered: the gateway or the upstream',
  resultType: 'only modern results have one',
  ttlMs: 'legacy upstreams give no cache hints, and the gateway invents none',
  cacheScope: 'as ttlMs',
  execution: 'how a tool stands to the tasks of 2025-11-25, which no other revision has',
  progressToken: 'whoever asks chooses it',
  elicitationId: 'only URL elicitation of 2025-11-25 has one, new for each',
};

/** An object that holds nothing else is left out with it. */
const EMPTY_WITHOUT = '_meta';

export const normalise = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(normalise);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([key, member]) => !(key in LEFT_OUT) && member !== undefined)
    .map(([key, member]) => [key, normalise(member)] as const)
    .filter(([key, member]) => key !== EMPTY_WITHOUT || Object.keys(member as object).length > 0);
  return Object.fromEntries(entries);
};
