/** The upstreams that a test opens. */
import type { UpstreamContext } from '../../../runtime/upstream/context.ts';
import type { Upstream } from '../../../runtime/upstream/link.ts';
import { createUpstream } from '../../../runtime/upstream/upstream.ts';
import type { UpstreamNode } from '../../../schema/graph/upstream.ts';

export class OpenedUpstreams {
  readonly #all: Upstream[] = [];

  /** The first that is open. */
  get first(): Upstream {
    return this.#all[0]!;
  }

  open(node: UpstreamNode, context: UpstreamContext): Upstream {
    const made = createUpstream(node, context);
    this.#all.push(made);
    return made;
  }

  /** Closes all that are open. */
  async close(): Promise<void> {
    await Promise.all(this.#all.splice(0).map((each) => each.close()));
  }
}
