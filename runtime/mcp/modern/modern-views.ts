/** The views of modern clients on one server: one for each principal and set of client capabilities, while in use. */
import type { UpstreamNode } from '../../../schema/graph/upstream.ts';
import type { Principal } from '../../../schema/principal.ts';
import type { GatewayInfo } from '../ask.ts';
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

  constructor(exposures: readonly Exposure[], info: GatewayInfo, onClash: OnClash) {
    this.#exposures = exposures;
    this.#info = info;
    this.#onClash = onClash;
    this.#perPrincipal = exposures.some(({ upstreamNode }) => isPerPrincipal(upstreamNode));
  }

  /** The view of a principal whose request declares these capabilities (JSON text). */
  view(principal: Principal, capabilitiesText: string): View {
    const key = this.#perPrincipal ? `${principal.key}\n${capabilitiesText}` : capabilitiesText;
    const known = this.#views.get(key);
    if (known !== undefined) return known;
    const view = new View(
      this.#exposures,
      'modern',
      (exposure) => this.#connect(exposure, principal, capabilitiesText),
      this.#onClash,
    );
    this.#views.set(key, view);
    if (this.#views.size > MAX_VIEWS) this.#views.delete(this.#views.keys().next().value!);
    return view;
  }

  async #connect(exposure: Exposure, principal: Principal, capabilitiesText: string): Promise<Connected> {
    const era = await exposure.upstream.eraFor('modern');
    const key = isolationKeyOf(exposure.upstreamNode, principal);
    const link =
      era === 'modern'
        ? await exposure.upstream.modern(key)
        : await exposure.bridged.link(principal, JSON.parse(capabilitiesText));
    const timeoutMs = exposure.upstreamNode.timeouts.callMs;
    return { link, catalogue: catalogueOf(link, capabilitiesText, this.#info, timeoutMs) };
  }

  close(): void {
    this.#views.clear();
  }
}
