/** The views of modern clients on one server: one for each principal and set of client capabilities, while in use. */
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
import { catalogueOf } from '../catalogues.ts';
import { type Exposure, isolationKeyOf } from '../exposure.ts';
import type { Connected } from '../part.ts';
import { type OnClash, View } from '../view.ts';

const MAX_VIEWS = 2000;

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
  readonly #views = new Map<string, View>();
  readonly #perPrincipal: boolean;
  readonly #forwardNames: readonly string[];

  constructor(exposures: readonly Exposure[], info: GatewayInfo, onClash: OnClash) {
    this.#exposures = exposures;
    this.#info = info;
    this.#onClash = onClash;
    this.#forwardNames = forwardNames(exposures);
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
    const variant = capabilitiesText + headers;
    const key = this.#perPrincipal ? `${principal.key}\n${variant}` : variant;
    const known = this.#views.get(key);
    if (known !== undefined) return known;
    const view = new View(
      this.#exposures,
      'modern',
      (exposure, callerHeaders) => this.#connect(exposure, principal, capabilitiesText, callerHeaders),
      this.#onClash,
    );
    this.#views.set(key, view);
    if (this.#views.size > MAX_VIEWS) this.#views.delete(this.#views.keys().next().value!);
    return view;
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
        : await bridged.link(principal, JSON.parse(capabilitiesText), callerHeaders);
    const { callMs } = upstreamNode.timeouts;
    return {
      link,
      catalogue: catalogueOf(link, capabilitiesText, this.#info, callMs, headersKey(callerHeaders)),
    };
  }

  close(): void {
    this.#views.clear();
  }
}
