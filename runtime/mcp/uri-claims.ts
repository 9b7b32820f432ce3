/**
 * URIs that several upstreams of a server claim, and what they are called instead. The first upstream keeps a URI;
 * the others' gets the name of its upstream behind the scheme: `data://a` becomes `data://~second~/a`. All else
 * stays as it is.
 */
import { expandsTo, overlap, parseTemplate, type UriTemplate } from './uri-template.ts';

/** What one upstream lists, exposed items only. */
export interface Listed {
  readonly upstream: string;
  readonly uris: readonly string[];
  readonly templates: readonly string[];
}

/** One upstream's URIs, as clients are told them. */
export interface ClaimedUris {
  /** The exposed form of a URI, of an expanded template or of a template; the same text where nobody else claims it. */
  expose(uri: string): string;
}

export interface UriClaims {
  /** By the place of the upstream in the server; undefined where nothing of it is called otherwise. */
  readonly of: readonly (ClaimedUris | undefined)[];
  /** The upstream and its own URI behind an exposed form that is none of the upstream's. */
  resolve(uri: string): { readonly at: number; readonly uri: string } | undefined;
}

export const NO_CLAIMS: UriClaims = { of: [], resolve: () => undefined };

const SCHEME = /^[a-z][a-z0-9+.-]*:(?:\/\/)?/i;
/** Clients may fetch these by themselves. */
const FETCHABLE = /^https?:/i;

/** More comparisons of templates are not made: those that begin alike are then held to overlap. */
const MAX_COMPARISONS = 20_000;

interface Template {
  readonly text: string;
  readonly at: number;
  readonly parsed: UriTemplate;
}

/** What of one upstream is called otherwise. */
class Renamed implements ClaimedUris {
  readonly #label: string;
  readonly #own: ReadonlySet<string>;
  readonly uris = new Set<string>();
  readonly templateTexts = new Set<string>();
  readonly templates: UriTemplate[] = [];

  constructor(label: string, own: readonly string[]) {
    this.#label = label;
    this.#own = new Set(own);
  }

  expose(uri: string): string {
    return this.#claims(uri) ? this.#labelled(uri) : uri;
  }

  /** The URI of which this is the exposed form. */
  original(uri: string): string | undefined {
    const scheme = SCHEME.exec(uri)?.[0];
    if (scheme === undefined || !uri.startsWith(this.#label, scheme.length)) return undefined;
    const own = scheme + uri.slice(scheme.length + this.#label.length);
    return this.#claims(own) ? own : undefined;
  }

  #labelled(uri: string): string {
    const scheme = SCHEME.exec(uri)![0];
    return scheme + this.#label + uri.slice(scheme.length);
  }

  #claims(uri: string): boolean {
    if (this.uris.has(uri) || this.templateTexts.has(uri)) return true;
    if (this.#own.has(uri)) return false;
    return this.#isWithin(uri) || this.templates.some((template) => expandsTo(template, uri));
  }

  /** Whether it is a part of a URI that is called otherwise: it goes where that goes. */
  #isWithin(uri: string): boolean {
    for (let at = uri.length - 1; at > 0; at -= 1) {
      const character = uri.charAt(at);
      if (character !== '/' && character !== '?' && character !== '#') continue;
      if (this.uris.has(uri.slice(0, at)) || this.uris.has(uri.slice(0, at + 1))) return true;
    }
    return false;
  }
}

const mayRename = (uri: string): boolean => SCHEME.test(uri) && !FETCHABLE.test(uri);

/** A text that no listed URI has behind its scheme. */
const labelOf = (upstream: string, listed: readonly Listed[]): string => {
  let label = `~${upstream}~`;
  const isTaken = (): boolean =>
    listed.some(({ uris, templates }) =>
      [uris, templates].some((all) => all.some((uri) => uri.includes(label))),
    );
  while (isTaken()) label = `~${label}~`;
  return `${label}/`;
};

const lowerBound = (sorted: readonly string[], prefix: string): number => {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < prefix) low = middle + 1;
    else high = middle;
  }
  return low;
};

class Comparison {
  readonly #owners = new Map<string, number>();
  readonly #sorted: readonly string[];
  readonly #templates: readonly Template[];
  #left = MAX_COMPARISONS;

  constructor(listed: readonly Listed[]) {
    for (const [at, { uris }] of listed.entries())
      for (const uri of uris) if (!this.#owners.has(uri)) this.#owners.set(uri, at);
    this.#sorted = [...this.#owners.keys()].sort();
    this.#templates = listed.flatMap(({ templates }, at) =>
      templates.map((text) => ({ text, at, parsed: parseTemplate(text) })),
    );
  }

  /** URIs that an upstream before has too. */
  urisTaken(at: number, uris: readonly string[]): string[] {
    return uris.filter((uri) => this.#owners.get(uri) !== at && mayRename(uri));
  }

  /** Templates that an upstream before shares URIs with, or that may expand to a URI that another one lists. */
  templatesTaken(at: number): Template[] {
    return this.#templates.filter(
      (template) => template.at === at && mayRename(template.text) && this.#isTaken(template),
    );
  }

  #isTaken({ text, at, parsed }: Template): boolean {
    for (const other of this.#templates) {
      if (other.at >= at) break;
      if (other.text === text || this.#may(() => overlap(other.parsed, parsed), other.parsed, parsed))
        return true;
    }
    for (let next = lowerBound(this.#sorted, parsed.prefix); next < this.#sorted.length; next += 1) {
      const uri = this.#sorted[next]!;
      if (!uri.startsWith(parsed.prefix)) return false;
      if (this.#owners.get(uri) !== at && this.#may(() => expandsTo(parsed, uri))) return true;
    }
    return false;
  }

  #may(compare: () => boolean, one?: UriTemplate, other?: UriTemplate): boolean {
    if (one !== undefined && other !== undefined)
      if (!one.prefix.startsWith(other.prefix) && !other.prefix.startsWith(one.prefix)) return false;
    this.#left -= 1;
    return this.#left < 0 || compare();
  }
}

/** Compares what the upstreams of a server list, in their order. */
export const claimUris = (listed: readonly Listed[]): UriClaims => {
  if (listed.filter(({ uris, templates }) => uris.length + templates.length > 0).length < 2) return NO_CLAIMS;
  const comparison = new Comparison(listed);
  const of = listed.map(({ upstream, uris }, at) => {
    const taken = comparison.urisTaken(at, uris);
    const templates = comparison.templatesTaken(at);
    if (taken.length === 0 && templates.length === 0) return undefined;
    const renamed = new Renamed(labelOf(upstream, listed), uris);
    for (const uri of taken) renamed.uris.add(uri);
    for (const { text, parsed } of templates) {
      renamed.templateTexts.add(text);
      renamed.templates.push(parsed);
    }
    return renamed;
  });
  if (of.every((renamed) => renamed === undefined)) return NO_CLAIMS;
  return {
    of,
    resolve(uri) {
      for (const [at, renamed] of of.entries()) {
        const own = renamed?.original(uri);
        if (own !== undefined) return { at, uri: own };
      }
      return undefined;
    },
  };
};
