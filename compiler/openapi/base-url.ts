/** Where an API is. */
import { httpUrlProblem } from '../../schema/http-url.ts';
import { entriesOf, memberOf, type SpecDocument, type SpecPath, textOf } from './document.ts';

export type BaseUrl =
  | { readonly kind: 'found'; readonly url: string; readonly path: SpecPath }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unusable'; readonly path: SpecPath; readonly url: string; readonly problem: string };

/** What keeps a URL from being one that paths are appended to; undefined if nothing does. */
export const baseUrlProblem = (url: string): string | undefined =>
  httpUrlProblem(url) ?? (url.includes('?') ? 'it has a query' : undefined);

/** The first of the document's servers, with the defaults of its variables (OpenAPI 3.1, Server Object). */
export const serverUrl = ({ root }: SpecDocument): BaseUrl => {
  const servers = memberOf(root, 'servers');
  const server: unknown = Array.isArray(servers) ? servers[0] : undefined;
  const written = textOf(server, 'url');
  if (written === undefined) return { kind: 'missing' };
  const path = ['servers', '0', 'url'];
  let url = written;
  for (const [name, variable] of entriesOf(memberOf(server, 'variables')))
    url = url.replaceAll(`{${name}}`, String(memberOf(variable, 'default') ?? `{${name}}`));
  const problem = /[{}]/.test(url) ? 'it has a variable without a default' : baseUrlProblem(url);
  return problem === undefined
    ? { kind: 'found', url, path }
    : { kind: 'unusable', path, url: written, problem };
};
