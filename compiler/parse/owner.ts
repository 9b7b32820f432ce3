/** What a map is called in a message: `` upstream `github` ``, `` `timeouts` of upstream `github` ``. */
import type { Path } from '../source/tree.ts';

/** What an entry of a section is called. */
export const KINDS: Readonly<Record<string, string>> = {
  listeners: 'listener',
  identity: 'identity',
  servers: 'server',
  upstreams: 'upstream',
  policies: 'policy',
  limits: 'limit',
};

export const ownerOf = (path: Path): string => {
  const [section, name, ...rest] = path;
  if (section === undefined) return 'the configuration';
  const kind = KINDS[String(section)];
  if (kind === undefined) return `\`${path.filter((step) => !/^\d+$/.test(String(step))).join('.')}\``;
  if (name === undefined) return `\`${section}\``;
  const inside = rest.filter((step) => !/^\d+$/.test(String(step))).join('.');
  return inside === '' ? `${kind} \`${name}\`` : `\`${inside}\` of ${kind} \`${name}\``;
};
