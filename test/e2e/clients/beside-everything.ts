/** A gateway before the server that offers everything and, under a prefix, before another one. */
import { configuration } from '../../support/configuration.ts';
import { type Everything, startEverything } from '../../support/everything/server.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { tapUpstream, type UpstreamTap } from '../../support/wire-tap.ts';

export interface BesideEverything<Other> extends AsyncDisposable {
  readonly everything: Everything;
  /** Between the gateway and `everything`. */
  readonly tap: UpstreamTap;
  readonly other: Other;
  readonly gateway: TestGateway;
}

export const startBesideEverything = async <Other extends AsyncDisposable & { readonly url: string }>(
  start: () => Promise<Other>,
  prefix: string,
): Promise<BesideEverything<Other>> => {
  await using stack = new AsyncDisposableStack();
  const everything = stack.use(await startEverything());
  const other = stack.use(await start());
  const tapped = async (url: string): Promise<UpstreamTap> => {
    const tap = await tapUpstream(url);
    stack.defer(() => tap.close());
    return tap;
  };
  const [tap, otherTap] = [await tapped(everything.url), await tapped(other.url)];
  const gateway = stack.use(
    await startTestGateway(
      configuration(
        { everything: tap.url, other: otherTap.url },
        { expose: [{ upstream: 'everything' }, { upstream: 'other', prefix }] },
      ),
    ),
  );
  const started = stack.move();
  return { everything, tap, other, gateway, [Symbol.asyncDispose]: () => started.disposeAsync() };
};
