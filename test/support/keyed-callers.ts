/** A gateway that several identified callers may use. */
import { makeApiKey } from '../../runtime/identity/api-key.ts';
import { configuration } from './configuration.ts';

export interface KeyedCallers {
  /** gateway.yaml with servers `main` and `other`, both open to all callers. */
  readonly yaml: string;
  readonly files: Readonly<Record<string, string>>;
  /** The token of each. */
  readonly tokens: Readonly<Record<string, string>>;
}

/** A configuration for callers by name, with a test's own sections over it. */
export const keyedCallers = (
  names: readonly string[],
  upstreams: Readonly<Record<string, string>>,
  over: Parameters<typeof configuration>[1] = {},
): KeyedCallers => {
  const made = names.map((name) => ({ name, ...makeApiKey(name) }));
  const identity = { robots: { type: 'api-key', keysFile: './keys.yaml' } };
  const config = JSON.parse(
    configuration(upstreams, { identity, server: { identity: ['robots'] }, ...over }),
  );
  config.servers.other = { ...config.servers.main, at: [{ listener: 'main', path: '/other' }] };
  const keys = made.map(({ name: id, hash }) => ({ id, hash, servers: ['main', 'other'] }));
  return {
    yaml: JSON.stringify(config),
    files: { 'keys.yaml': JSON.stringify({ keys }) },
    tokens: Object.fromEntries(made.map(({ name, key }) => [name, key])),
  };
};
