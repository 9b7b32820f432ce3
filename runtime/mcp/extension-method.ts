/** Methods of extensions: routed by the table of the configuration alone, to one upstream each. */
import { GatewayError, RPC } from '../errors.ts';
import { type Call, callFacts, later } from './call.ts';
import { inTime } from './caller-deadline.ts';
import { methodNotFound } from './classify.ts';
import type { Exposure } from './exposure.ts';
import { forward } from './forward.ts';
import { judge } from './gate.ts';
import { hold } from './hold.ts';
import type { Method } from './method.ts';

type ExtensionMethod = Extract<Method, { kind: 'extension' }>;

/** The methods that the exposures of a server name, with the upstream of each. */
export const extensionMethods = (exposures: readonly Exposure[]): ReadonlyMap<string, ExtensionMethod> =>
  new Map(
    exposures.flatMap(({ node }) =>
      Object.values(node.extensions)
        .flat()
        .map((name) => [name, { kind: 'extension', name, upstream: node.upstream } as const] as const),
    ),
  );

const unavailable = (): GatewayError =>
  new GatewayError('upstream_unavailable', 'the upstream is not available', { rpcCode: RPC.upstream });

const exposureOf = ({ server }: Call, { upstream }: ExtensionMethod): Exposure | undefined =>
  server.exposures.find(({ node }) => node.upstream === upstream);

/** Sends the request to the upstream that the table names. */
export const callExtension = (call: Call, method: ExtensionMethod): void => {
  const unknown = () => methodNotFound(call.client.era);
  const facts = () => ({
    ...callFacts(call, '', call.message.params),
    upstream: exposureOf(call, method)?.facts ?? { name: method.upstream },
  });
  judge(call, facts, unknown, (refused) => {
    if (refused !== undefined) call.reply.error(refused);
    else
      hold(call, facts, (held) =>
        later(held, inTime(held, held.view.prepare(undefined)), () => send(held, method)),
      );
  });
};

const send = (call: Call, { upstream }: ExtensionMethod): void => {
  const part = call.view.parts.find(({ exposure }) => exposure.node.upstream === upstream);
  if (part?.connected === undefined) {
    call.reply.error(part?.error ?? unavailable());
    return;
  }
  forward(call, part.exposure, part.connected.link, {
    upstreamName: undefined,
    parameter: '',
    mirrored: [],
    idempotent: false,
    ...call.server.limits.bounds(undefined),
  });
};
