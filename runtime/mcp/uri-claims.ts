/**
 * URIs that several upstreams of a server claim, and what they are called instead. The first upstream keeps a URI;
 * the others' gets the name of its upstream behind the scheme: `data://a` becomes `data://~second~/a`. All else
 * stays as it is.
 */
import {
  expandsTo,
  isComparable,
  MAX_REQUEST_STEPS,
  MAX_URI_LENGTH,
  overlap,
  parseTemplate,
  requestSteps,
  type Steps,
  type UriTemplate,
} from './uri-template.ts';

/** What one upstream lists, exposed items only. */
export interface Listed {
  readonly upstream: string;
  readonly uris: readonly string[];
  readonly templates: readonly string[];
}

/** One upstream's URIs, as clients are told them. */
export interface ClaimedUris {
  /**
   * The exposed form of a URI, of an expanded template or of a template; the same text where nobody else claims it,
   * and where it is too long. With `steps` used up, it is held to be claimed.
   */
  expose(uri: string, steps?: Steps): string;
}

export interface UriClaims {
  /** By the place of the upstream in the server; undefined where nothing of it is called otherwise. */
  readonly of: readonly (ClaimedUris | undefined)[];
  /** The upstream and its own URI behind an exposed form that is none of the upstream's; `steps` as for `expose`. */
  resolve(uri: string, steps?: Steps): { readonly at: number; readonly uri: string } | undefined;
}

export const NO_CLAIMS: UriClaims = { of: [], resolve: () => undefined };

const SCHEME = /^[a-z][a-z0-9+.-]*:(?:\/\/)?/i;
/** Clients may fetch these by themselves. */
const FETCHABLE = /^https?:/i;

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
  #longest = 0;

  constructor(label: string, { uris, templates }: Listed) {
    this.#label = label;
    this.#own = new Set([...uris, ...templates]);
  }

  addUri(uri: string): void {
    this.uris.add(uri);
    this.#longest = Math.max(this.#longest, uri.length);
  }

  addTemplate({ text, parsed }: Template): void {
    this.templateTexts.add(text);
    this.templates.push(parsed);
  }

  expose(uri: string, steps = requestSteps()): string {
    return this.claims(uri, steps) ? this.#labelled(uri) : uri;
  }

  /** The URI of which this is the exposed form. */
  original(uri: string, steps: Steps): string | undefined {
    if (uri.length > MAX_URI_LENGTH + this.#label.length) return undefined;
    const scheme = SCHEME.exec(uri)?.[0];
    if (scheme === undefined || !uri.startsWith(this.#label, scheme.length)) return undefined;
    const own = scheme + uri.slice(scheme.length + this.#label.length);
    return this.claims(own, steps) ? own : undefined;
  }

  #labelled(uri: string): string {
    const scheme = SCHEME.exec(uri)![0];
    return scheme + this.#label + uri.slice(scheme.length);
  }

  claims(uri: string, steps: Steps): boolean {
    if (uri.length > MAX_URI_LENGTH) return false;
    if (this.uris.has(uri) || this.templateTexts.has(uri)) return true;
    if (this.#own.has(uri)) return false;
    return this.covers(uri, steps);
  }

  /** Whether it goes where something goes that is called otherwise. */
  covers(uri: string, steps: Steps): boolean {
    if (!mayRename(uri)) return false;
    return this.#isWithin(uri, steps) || this.templates.some((template) => expandsTo(template, uri, steps));
  }

  /** Whether it is a part of a URI that is called otherwise: it goes where that goes. */
  #isWithin(uri: string, steps: Steps): boolean {
    for (let at = Math.min(uri.length - 1, this.#longest); at > 0; at -= 1) {
      const character = uri.charAt(at);
      if (character !== '/' && character !== '?' && character !== '#') continue;
      steps.left -= 1 + (at >> 3);
      if (steps.left < 0) return true;
      if (this.uris.has(uri.slice(0, at)) || this.uris.has(uri.slice(0, at + 1))) return true;
    }
    return false;
  }
}

const mayRename = (uri: string): boolean =>
  uri.length <= MAX_URI_LENGTH && SCHEME.test(uri) && !FETCHABLE.test(uri);

/** The numbers that some text has between `before` and a tilde. */
const numbersAfter = (before: string, texts: readonly string[]): Set<number> => {
  const found = new Set<number>();
  for (const text of texts)
    for (let at = text.indexOf(before); at >= 0; at = text.indexOf(before, at + 1)) {
      const number = /^\d{1,9}(?=~)/.exec(text.slice(at + before.length, at + before.length + 10))?.[0];
      if (number !== undefined) found.add(Number(number));
    }
  return found;
};

/** A text that no listed URI has behind its scheme; short, and found at one look, whatever they have. */
const labelOf = (upstream: string, texts: readonly string[]): string => {
  for (const label of [`~${upstream}~`, `~~${upstream}~~`])
    if (!texts.some((text) => text.includes(label))) return `${label}/`;
  const taken = numbersAfter(`~~${upstream}~~`, texts);
  let number = 2;
  while (taken.has(number)) number += 1;
  return `~~${upstream}~~${number}~/`;
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
  /** Of each upstream its own, for what it lists: one that lists too much has only its own called otherwise. */
  readonly #steps: readonly Steps[];

  constructor(listed: readonly Listed[]) {
    for (const [at, { uris }] of listed.entries())
      for (const uri of uris) if (!this.#owners.has(uri)) this.#owners.set(uri, at);
    this.#sorted = [...this.#owners.keys()].sort();
    this.#templates = listed.flatMap(({ templates }, at) =>
      templates.map((text) => ({ text, at, parsed: parseTemplate(text) })),
    );
    this.#steps = listed.map(() => ({ left: MAX_REQUEST_STEPS / listed.length }));
  }

  /** What of an upstream others claim too; undefined if nothing. */
  renamed(at: number, listed: readonly Listed[], texts: () => readonly string[]): Renamed | undefined {
    const { upstream, uris } = listed[at]!;
    const own = this.#templates.filter((template) => template.at === at && mayRename(template.text));
    const taken = new Set(own.filter((template) => this.#isTaken(template)));
    const takenUris = uris.filter((uri) => this.#owners.get(uri) !== at && mayRename(uri));
    if (takenUris.length === 0 && taken.size === 0) return undefined;
    const renamed = new Renamed(labelOf(upstream, texts()), listed[at]!);
    for (const uri of takenUris) renamed.addUri(uri);
    for (const template of taken) renamed.addTemplate(template);
    for (const template of own)
      if (!taken.has(template) && renamed.covers(template.text, this.#steps[at]!))
        renamed.addTemplate(template);
    return renamed;
  }

  /** Whether an upstream before shares URIs with it, or it may expand to a URI that another one lists. */
  #isTaken({ text, at, parsed }: Template): boolean {
    const steps = this.#steps[at]!;
    for (const other of this.#templates) {
      if (other.at >= at) break;
      if (other.text === text || overlap(other.parsed, parsed, steps)) return true;
    }
    for (let next = lowerBound(this.#sorted, parsed.prefix); next < this.#sorted.length; next += 1) {
      const uri = this.#sorted[next]!;
      if (!uri.startsWith(parsed.prefix)) return false;
      steps.left -= 1;
      if (this.#owners.get(uri) !== at && expandsTo(parsed, uri, steps)) return true;
      if (steps.left < 0) return true;
    }
    return false;
  }
}

/** Without what is too long to be told apart: that stays as it is. */
const comparable = ({ upstream, uris, templates }: Listed): Listed => ({
  upstream,
  uris: uris.filter((uri) => uri.length <= MAX_URI_LENGTH),
  templates: templates.filter(isComparable),
});

/** Compares what the upstreams of a server list, in their order. */
export const claimUris = (all: readonly Listed[]): UriClaims => {
  if (all.filter(({ uris, templates }) => uris.length + templates.length > 0).length < 2) return NO_CLAIMS;
  const listed = all.map(comparable);
  const comparison = new Comparison(listed);
  const texts = (): string[] => listed.flatMap(({ uris, templates }) => [...uris, ...templates]);
  const of = listed.map((_, at) => comparison.renamed(at, listed, texts));
  if (of.every((renamed) => renamed === undefined)) return NO_CLAIMS;
  return {
    of,
    resolve(uri, steps = requestSteps()) {
      for (const [at, renamed] of of.entries()) {
        const own = renamed?.original(uri, steps);
        if (own !== undefined) return { at, uri: own };
      }
      return undefined;
    },
  };
};
