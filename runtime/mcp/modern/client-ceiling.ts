/** `features` over what a modern client can be asked for: what is off is declared to nobody, and asked by nobody. */
import { admitsMethod } from '../../../policies/features/features.ts';
import type { Features } from '../../../schema/graph/server.ts';
import { GatewayError, RPC } from '../../errors.ts';
import { walkMessage } from '../../json-members.ts';
import { upstreamError } from '../../upstream/failure.ts';
import { isObject } from '../../upstream/message.ts';
import type { Message } from '../message.ts';
import type { UpstreamResponse } from '../response.ts';
import { META } from '../revision.ts';
import { applyEdits, replaceMember, rewriteObject } from '../splice.ts';
import { declaresTasks, TASKS_EXTENSION } from '../task/extension.ts';

/** Client capabilities that are a feature (MCP 2026-07-28, schema, ClientCapabilities). */
const UNDER_CEILING = ['elicitation', 'sampling', 'roots'] as const;

const hasNoCeiling = (features: Features): boolean =>
  features.elicitation && features.sampling && features.roots && features.tasks;

/** The request without the client capabilities that are off; the same one where there are none. */
export const underCeiling = (message: Message, features: Features): Message => {
  if (hasNoCeiling(features)) return message;
  const declared = message.meta?.[META.clientCapabilities];
  const { meta } = message.members;
  if (!isObject(declared) || meta === undefined) return message;
  const off = new Set<string>(
    UNDER_CEILING.filter((name) => !features[name] && Object.hasOwn(declared, name)),
  );
  const withoutTasks = !features.tasks && declaresTasks(message);
  if (off.size === 0 && !withoutTasks) return message;
  const { extensions, ...rest } = declared;
  const kept = Object.fromEntries(Object.entries(rest).filter(([name]) => !off.has(name)));
  if (!isObject(extensions)) return withCapabilities(message, off, kept, undefined);
  const { [TASKS_EXTENSION]: tasks, ...others } = extensions;
  const told = withoutTasks ? others : extensions;
  return withCapabilities(message, off, { ...kept, extensions: told }, withoutTasks ? told : undefined);
};

/** @param extensions take the place of those in the text, where they changed */
const withCapabilities = (
  message: Message,
  off: ReadonlySet<string>,
  kept: Readonly<Record<string, unknown>>,
  extensions: Readonly<Record<string, unknown>> | undefined,
): Message => {
  const members = message.members.meta!;
  const at = members.keys.indexOf(META.clientCapabilities);
  const before = message.text.slice(members.starts[at], members.ends[at]);
  const dropped = extensions === undefined ? off : new Set([...off, 'extensions']);
  const added = extensions === undefined ? [] : [['extensions', JSON.stringify(extensions)] as const];
  const edit = replaceMember(members, META.clientCapabilities, rewriteObject(before, dropped, added))!;
  const text = applyEdits(message.text, [edit]);
  const walked = walkMessage(text, Number.POSITIVE_INFINITY);
  if (typeof walked === 'string') throw new Error(`a message that was sound is ${walked}`);
  const meta = { ...message.meta, [META.clientCapabilities]: kept };
  return { ...message, text, members: walked, meta, params: { ...message.params, _meta: meta } };
};

/**
 * Throws for a response that a modern client must not get: a code of older revisions, and a request for input of a
 * kind that is off.
 */
export const refuseUntold = ({ errorCode, result }: UpstreamResponse, features: Features): void => {
  if (errorCode === RPC.urlElicitationRequired)
    throw new GatewayError('not_supported', 'the upstream asked for input, which this call cannot give', {
      rpcCode: RPC.upstream,
    });
  const asked = result?.inputRequests;
  if (asked === undefined || hasNoCeiling(features)) return;
  for (const request of Object.values(asked ?? {})) {
    const method: unknown = isObject(request) ? request.method : undefined;
    if (typeof method === 'string' && !admitsMethod(features, method))
      throw upstreamError('upstream_protocol', `input was asked for by ${method}, which is off`);
  }
};
