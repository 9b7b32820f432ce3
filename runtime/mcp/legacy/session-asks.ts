/** What upstreams ask of a session's client: sampling, elicitation, roots. */
import { featureOf } from '../../../policies/features/features.ts';
import type { Features } from '../../../schema/graph/server.ts';
import type { Link } from '../../upstream/link.ts';
import { isObject, type Message as UpstreamMessage } from '../../upstream/message.ts';
import { refuseRequest } from '../ask.ts';
import { membersAt, memberText } from '../json-members.ts';
import { applyEdits, type Edit, replaceMember } from '../splice.ts';

interface Ask {
  readonly link: Link;
  /** JSON text of the upstream's id. */
  readonly idText: string;
  /** JSON text of the upstream's progress token, if it gave one; the client is given the ask's own id instead. */
  readonly tokenText: string | undefined;
  /** The call that it belongs to, by its id; undefined for one of its own. */
  readonly callIdText: string | undefined;
  readonly message: UpstreamMessage;
}

/** Asks that wait for an answer, at most; the oldest is refused then. */
const MAX_ASKS = 100;
const ASKABLE: ReadonlySet<string> = new Set(['sampling/createMessage', 'elicitation/create', 'roots/list']);

/** Whether the client said that it can do this (MCP 2025-11-25, elicitation: `{}` is form mode alone). */
const isDeclared = (capability: unknown, { method, params }: UpstreamMessage): boolean => {
  if (!isObject(capability)) return false;
  if (method !== 'elicitation/create' || !isObject(params) || params.mode !== 'url') return true;
  return isObject(capability.url);
};

export class SessionAsks {
  readonly #capabilities: Readonly<Record<string, unknown>>;
  readonly #asks = new Map<string, Ask>();
  #next = 1;

  constructor(capabilities: Readonly<Record<string, unknown>>) {
    this.#capabilities = capabilities;
  }

  /** The text of the request for the client, or undefined if the client cannot have it. */
  take(
    link: Link,
    text: string,
    message: UpstreamMessage,
    features: Features,
    callIdText: string | undefined,
  ): string | undefined {
    const method = String(message.method);
    const feature = ASKABLE.has(method) ? featureOf(method) : undefined;
    if (feature === undefined || !features[feature] || !isDeclared(this.#capabilities[feature], message))
      return undefined;
    const root = membersAt(text, 0);
    const idText = memberText(text, root, 'id');
    if (idText === undefined) return undefined;
    const ownId = `"gw-${this.#next}"`;
    this.#next += 1;
    const token = progressToken(text, root.starts[root.keys.indexOf('params')], ownId);
    if (this.#asks.size >= MAX_ASKS) this.#refuseOldest();
    this.#asks.set(ownId, { link, idText, tokenText: token?.text, callIdText, message });
    const edits = [replaceMember(root, 'id', ownId)!];
    return applyEdits(text, token === undefined ? edits : [...edits, token.edit]);
  }

  /** The client's answer; an unknown id is ignored. */
  answer(idText: string, text: string): void {
    const ask = this.#asks.get(idText);
    if (ask === undefined) return;
    this.#asks.delete(idText);
    ask.link.send(applyEdits(text, [replaceMember(membersAt(text, 0), 'id', ask.idText)!]));
  }

  /** The client's progress on an ask; an unknown token is ignored. */
  progress(tokenText: string, text: string): void {
    const ask = this.#asks.get(tokenText);
    if (ask?.tokenText === undefined) return;
    const root = membersAt(text, 0);
    const params = membersAt(text, root.starts[root.keys.indexOf('params')]!);
    ask.link.send(applyEdits(text, [replaceMember(params, 'progressToken', ask.tokenText)!]));
  }

  /** The upstream takes an ask back: what the client is to be told, or undefined if it was told nothing of it. */
  withdraw(link: Link, { params }: UpstreamMessage): string | undefined {
    if (!isObject(params)) return undefined;
    const idText = JSON.stringify(params.requestId);
    for (const [ownId, ask] of this.#asks) {
      if (ask.link !== link || ask.idText !== idText) continue;
      this.#asks.delete(ownId);
      const reason = typeof params.reason === 'string' ? `,"reason":${JSON.stringify(params.reason)}` : '';
      return `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${ownId}${reason}}}`;
    }
    return undefined;
  }

  /** A call is over: what its upstream asked for it is not waited for any more. */
  forgetCall(callIdText: string): void {
    for (const [ownId, ask] of this.#asks) if (ask.callIdText === callIdText) this.#asks.delete(ownId);
  }

  forgetLink(link: Link): void {
    for (const [ownId, ask] of this.#asks) if (ask.link === link) this.#asks.delete(ownId);
  }

  clear(): void {
    this.#asks.clear();
  }

  #refuseOldest(): void {
    for (const [ownId, ask] of this.#asks) {
      this.#asks.delete(ownId);
      refuseRequest(ask.link, ask.message);
      return;
    }
  }
}

const progressToken = (
  text: string,
  paramsStart: number | undefined,
  ownId: string,
): { readonly text: string; readonly edit: Edit } | undefined => {
  if (paramsStart === undefined) return undefined;
  const params = membersAt(text, paramsStart);
  const metaStart = params.starts[params.keys.indexOf('_meta')];
  if (metaStart === undefined) return undefined;
  const meta = membersAt(text, metaStart);
  const known = memberText(text, meta, 'progressToken');
  return known === undefined
    ? undefined
    : { text: known, edit: replaceMember(meta, 'progressToken', ownId)! };
};
