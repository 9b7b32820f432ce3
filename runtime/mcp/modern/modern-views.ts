/** The views of modern clients on one server: one for each principal and set of client capabilities, while in use. */
import { parseExactly } from '../../../schema/escaped-keys.ts';
import type { UpstreamNode } from '../../../schema/graph/upstream.ts';
import type { Principal } from '../../../schema/principal.ts';
import type { GatewayInfo } from '../ask.ts';
import {
  forwardedHeaders,
  forwardNames,
  headersKey,
  keptHeaders,
  type SentHeaders,
} from '../caller-headers.ts';
import { canonicalJson } from '../canonical-json.ts';
import { catalogueOf } from '../catalogues.ts';
import { type Exposure, isolationKeyOf } from '../exposure.ts';
import { OwnedVariants } from '../owned-variants.ts';
import type { Connected } from '../part.ts';
import { type OnClash, View } from '../view.ts';

const MAX_VIEWS = 2000;
/** Of one principal, where its capabilities alone tell its views apart. */
const MAX_OWN_VIEWS = 64;
/** Of one principal, where forwarded headers do too: behind one principal may be as many callers. */
const MAX_OWN_VIEWS_BY_HEADERS = 500;
/** Ways of writing the same capabilities by which a view is found at once. */
const MAX_SPELLINGS = 4;

/** A view with the keys that it is found by. */
interface KeptView {
  readonly view: View;
  readonly key: string;
  /** Keys with the capabilities as they were written, the latest last. */
  readonly spellings: string[];
}

/** Whether what an upstream offers may depend on whom it is asked for. */
const isPerPrincipal = (node: UpstreamNode): boolean => {
  switch (node.type) {
    case 'http':
      return node.era !== 'modern';
    case 'stdio':
      return node.isolation !== 'shared';
    case 'openapi':
      return false;
  }
};

/** Lives as long as the server's fingerprint is in use. */
export class ModernViews {
  readonly #exposures: readonly Exposure[];
  readonly #info: GatewayInfo;
  readonly #onClash: OnClash;
  /** By principal, canonical capabilities and headers. */
  readonly #views: OwnedVariants<KeptView>;
  readonly #bySpelling = new Map<string, KeptView>();
  #latest: KeptView | undefined;
  readonly #perPrincipal: boolean;
  readonly #forwardNames: readonly string[];

  constructor(exposures: readonly Exposure[], info: GatewayInfo, onClash: OnClash) {
    this.#exposures = exposures;
    this.#info = info;
    this.#onClash = onClash;
    this.#forwardNames = forwardNames(exposures);
    const maxOwn = this.#forwardNames.length === 0 ? MAX_OWN_VIEWS : MAX_OWN_VIEWS_BY_HEADERS;
    this.#views = new OwnedVariants(MAX_VIEWS, maxOwn);
    this.#perPrincipal = exposures.some(({ upstreamNode }) => isPerPrincipal(upstreamNode));
  }

  /** The view of a principal whose request declares these capabilities (JSON text) and was sent with these headers. */
  view(principal: Principal, capabilitiesText: string, sentHeaders: SentHeaders): View {
    const names = this.#forwardNames;
    if (names.length === 0) return this.#view(principal, capabilitiesText, '');
    const view = this.#view(principal, capabilitiesText, headersKey(forwardedHeaders(sentHeaders, names)));
    view.sentHeaders = keptHeaders(names, sentHeaders);
    return view;
  }

  #view(principal: Principal, capabilitiesText: string, headers: string): View {
    const known = this.#bySpelling.get(this.#keyOf(principal, capabilitiesText, headers));
    if (known === undefined) return this.#viewSpelt(principal, capabilitiesText, headers);
    if (known !== this.#latest) {
      this.#latest = known;
      this.#views.use(known.key);
    }
    return known.view;
  }

  #keyOf(principal: Principal, capabilitiesText: string, headers: string): string {
    const variant = capabilitiesText + headers;
    return this.#perPrincipal ? `${principal.key}\n${variant}` : variant;
  }

  #viewSpelt(principal: Principal, capabilitiesText: string, headers: string): View {
    // A copy: the text is a slice of the request, all of which would be kept with it.
    const copy = Buffer.from(capabilitiesText).toString();
    const key = this.#keyOf(principal, canonicalJson(copy, 0), headers);
    const kept = this.#views.use(key) ?? this.#add(key, principal, copy);
    const spelling = this.#keyOf(principal, copy, headers);
    if (kept.spellings.push(spelling) > MAX_SPELLINGS) this.#bySpelling.delete(kept.spellings.shift()!);
    this.#bySpelling.set(spelling, kept);
    this.#latest = kept;
    return kept.view;
  }

  #add(key: string, principal: Principal, capabilitiesText: string): KeptView {
    const view = new View(
      this.#exposures,
      'modern',
      (exposure, callerHeaders) => this.#connect(exposure, principal, capabilitiesText, callerHeaders),
      this.#onClash,
    );
    const made: KeptView = { view, key, spellings: [] };
    const gone = this.#views.add(principal.key, key, made);
    for (const spelling of gone?.spellings ?? []) this.#bySpelling.delete(spelling);
    return made;
  }

  async #connect(
    exposure: Exposure,
    principal: Principal,
    capabilitiesText: string,
    callerHeaders: readonly string[],
  ): Promise<Connected> {
    const { upstream, bridged, upstreamNode } = exposure;
    const era = await upstream.eraFor('modern', callerHeaders);
    const link =
      era === 'modern'
        ? await upstream.modern(isolationKeyOf(upstreamNode, principal), callerHeaders)
        : await bridged.link(principal, parseExactly(capabilitiesText), callerHeaders);
    const { callMs } = upstreamNode.timeouts;
    const key = headersKey(callerHeaders);
    return {
      link,
      catalogue: catalogueOf(link, principal.key, capabilitiesText, this.#info, callMs, key),
    };
  }

  close(): void {
    this.#views.clear();
    this.#bySpelling.clear();
    this.#latest = undefined;
  }
}
