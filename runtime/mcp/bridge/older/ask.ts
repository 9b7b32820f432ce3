/** What an upstream asks of a legacy client, in the words of the client's revision; and its answers, back again. */
import { randomUUID } from 'node:crypto';
import { featureOf } from '../../../../policies/features/features.ts';
import type { Features } from '../../../../schema/graph/server.ts';
import { membersAt, memberText } from '../../../json-members.ts';
import { isObject } from '../../../upstream/message.ts';
import { SINCE } from '../../revision.ts';
import { applyEdits, replaceMember, rewriteObject } from '../../splice.ts';
import { olderForm } from './form.ts';
import { needsTools, olderSampling } from './sampling.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/** What decides whether and how a client can be asked. */
export interface AskedClient {
  readonly version: string;
  readonly capabilities: JsonObject;
}

/** One ask as an upstream made it. */
export interface Asked {
  readonly method: string;
  readonly params: JsonObject;
  /** JSON text of `params`; undefined if there are none. */
  readonly paramsText: string | undefined;
}

/** One ask as the client gets it. */
export interface AdaptedAsk {
  readonly paramsText: string | undefined;
  /** Turns the JSON text of the client's result into what the upstream asked for; absent if they are the same. */
  readonly readResult: ((resultText: string) => string) | undefined;
}

const ASKABLE: ReadonlySet<string> = new Set(['sampling/createMessage', 'elicitation/create', 'roots/list']);

/** `{}` is form mode alone (MCP 2025-11-25, elicitation). */
const offersForms = (capability: JsonObject): boolean =>
  capability.form !== undefined || capability.url === undefined;

/** Why the client cannot be asked, or undefined if it can: nothing is asked that it has not declared. */
export const whyNotAsked = (
  { version, capabilities }: AskedClient,
  { method, params }: Pick<Asked, 'method' | 'params'>,
  features: Features,
): string | undefined => {
  const feature = ASKABLE.has(method) ? featureOf(method) : undefined;
  if (feature === undefined) return `${method} is nothing that a client can be asked`;
  const capability = capabilities[feature];
  if (!features[feature] || !isObject(capability)) return `the client does not offer ${feature}`;
  if (method === 'sampling/createMessage' && needsTools(params) && !isObject(capability.tools))
    return 'the client does not offer sampling with tools';
  if (method !== 'elicitation/create') return undefined;
  if (params.mode === 'url')
    return version >= SINCE.urlElicitation && isObject(capability.url)
      ? undefined
      : 'the client does not offer elicitation of URLs';
  return offersForms(capability) ? undefined : 'the client does not offer elicitation with forms';
};

const NOT_IN_ASK: ReadonlySet<string> = new Set(['mode', 'task']);

const elicitForm = ({ params, paramsText }: Asked): AdaptedAsk | string => {
  const text = paramsText ?? '{}';
  const schemaText = memberText(text, membersAt(text, 0), 'requestedSchema');
  const form = schemaText === undefined ? undefined : olderForm(schemaText, params.requestedSchema);
  if (form === undefined) return 'the client speaks a revision that has no such form';
  const plain = rewriteObject(text, NOT_IN_ASK, []);
  const edit = replaceMember(membersAt(plain, 0), 'requestedSchema', form.schemaText)!;
  const { readContent } = form;
  const readResult =
    readContent === undefined
      ? undefined
      : (resultText: string): string => {
          const members = membersAt(resultText, 0);
          const content = memberText(resultText, members, 'content');
          if (content === undefined || !content.startsWith('{')) return resultText;
          return applyEdits(resultText, [replaceMember(members, 'content', readContent(content))!]);
        };
  return { paramsText: applyEdits(plain, [edit]), readResult };
};

/** 2025-11-25 has an id for each URL, by which its completion could be told; 2026-07-28 has none. */
const elicitUrl = ({ params, paramsText }: Asked): AdaptedAsk => {
  if (typeof params.elicitationId === 'string') return { paramsText, readResult: undefined };
  const id: [string, string] = ['elicitationId', JSON.stringify(randomUUID())];
  return {
    paramsText: rewriteObject(paramsText ?? '{}', new Set(['elicitationId']), [id]),
    readResult: undefined,
  };
};

/** The ask in the words of `version`, or why it has none for it. */
export const adaptAsk = (version: string, asked: Asked): AdaptedAsk | string => {
  const { method, params, paramsText } = asked;
  const same: AdaptedAsk = { paramsText, readResult: undefined };
  if (method === 'elicitation/create') {
    if (params.mode === 'url') return elicitUrl(asked);
    return version < SINCE.richForms ? elicitForm(asked) : same;
  }
  if (method !== 'sampling/createMessage' || version >= SINCE.samplingTools) return same;
  const older = olderSampling(paramsText ?? '{}', params, version);
  return older === undefined
    ? 'the client speaks a revision that has no such message'
    : { paramsText: older, readResult: undefined };
};
