/** What a session's client is asked: sampling, elicitation, roots; for upstreams, or by the gateway in their stead. */
import type { Features } from '../../../schema/graph/server.ts';
import { type Members, membersAt, memberText } from '../../json-members.ts';
import type { Link } from '../../upstream/link.ts';
import { idTextOf, isObject, type Message as UpstreamMessage } from '../../upstream/message.ts';
import { refuseRequest } from '../ask.ts';
import { type AskedClient, adaptAsk, whyNotAsked } from '../bridge/older/ask.ts';
import { labelled } from '../input/input-request.ts';
import { applyEdits, type Edit, replaceMember } from '../splice.ts';

/** What came of an ask of the gateway's own. */
export type Answer =
  | { readonly kind: 'result'; readonly text: string }
  | { readonly kind: 'error'; readonly message: string };

interface UpstreamAsk {
  readonly kind: 'upstream';
  readonly link: Link;
  /** JSON text of the upstream's id. */
  readonly idText: string;
  /** JSON text of the upstream's progress token, if it gave one; the client is given the ask's own id instead. */
  readonly tokenText: string | undefined;
  /** The call that it belongs to, by its id; undefined for one of its own. */
  readonly callIdText: string | undefined;
  readonly message: UpstreamMessage;
  readonly readResult: ((resultText: string) => string) | undefined;
}

interface OwnAsk {
  readonly kind: 'own';
  readonly callIdText: string;
  readonly answered: (answer: Answer) => void;
}

/** Where an ask comes from. */
export interface Asker {
  readonly link: Link;
  /** The call that it belongs to, by its id; undefined for one of its own. */
  readonly callIdText: string | undefined;
  /** Says whose question it is, where it could be another's. */
  readonly label: string;
}

/** Asks that wait for an answer, at most. */
const MAX_ASKS = 100;

const answerOf = (text: string, root: Members): Answer => {
  const result = memberText(text, root, 'result');
  if (result?.startsWith('{') === true) return { kind: 'result', text: result };
  const error: unknown = JSON.parse(memberText(text, root, 'error') ?? 'null');
  const message = isObject(error) && typeof error.message === 'string' ? error.message : 'no result';
  return { kind: 'error', message };
};

export class SessionAsks {
  readonly #client: AskedClient;
  readonly #onSettled: (callIdText: string) => void;
  readonly #asks = new Map<string, UpstreamAsk | OwnAsk>();
  #next = 1;

  /** @param onSettled told of a call that one of its upstream's asks is answered or taken back */
  constructor(client: AskedClient, onSettled: (callIdText: string) => void) {
    this.#client = client;
    this.#onSettled = onSettled;
  }

  /** The text of an upstream's request for the client, or undefined if the client cannot have it. */
  take(
    { link, callIdText, label }: Asker,
    text: string,
    message: UpstreamMessage,
    features: Features,
  ): string | undefined {
    const params = isObject(message.params) ? message.params : {};
    const asked = { method: String(message.method), params };
    if (whyNotAsked(this.#client, asked, features) !== undefined) return undefined;
    const root = membersAt(text, 0);
    const idText = memberText(text, root, 'id');
    if (idText === undefined) return undefined;
    const before = memberText(text, root, 'params');
    const newer = link.peer.protocolVersion > this.#client.version;
    const adapted = newer
      ? adaptAsk(this.#client.version, { ...asked, paramsText: before })
      : { paramsText: before, readResult: undefined };
    if (typeof adapted === 'string') return undefined;
    const { readResult } = adapted;
    if (!this.#makeRoom()) return undefined;
    const ownId = this.#nextId();
    const told = adapted.paramsText === undefined ? undefined : labelled(adapted.paramsText, params, label);
    const token = told === undefined ? undefined : progressToken(told, ownId);
    this.#asks.set(ownId, {
      kind: 'upstream',
      link,
      idText,
      tokenText: token?.text,
      callIdText,
      message,
      readResult,
    });
    const edits = [replaceMember(root, 'id', ownId)!];
    const after = token === undefined ? told : applyEdits(told!, [token.edit]);
    if (after !== undefined && after !== before) edits.push(replaceMember(root, 'params', after)!);
    return applyEdits(text, edits);
  }

  /**
   * A request of the gateway's own for the client; undefined if too many wait already. Whoever asks must have made
   * sure that it can be asked.
   */
  pose(
    method: string,
    paramsText: string | undefined,
    callIdText: string,
    answered: OwnAsk['answered'],
  ): { readonly idText: string; readonly text: string } | undefined {
    if (!this.#makeRoom()) return undefined;
    const idText = this.#nextId();
    this.#asks.set(idText, { kind: 'own', callIdText, answered });
    const params = paramsText === undefined ? '' : `,"params":${paramsText}`;
    const text = `{"jsonrpc":"2.0","id":${idText},"method":${JSON.stringify(method)}${params}}`;
    return { idText, text };
  }

  /** The client's answer; an unknown id is ignored. */
  answer(idText: string, text: string): void {
    const ask = this.#asks.get(idText);
    if (ask === undefined) return;
    this.#asks.delete(idText);
    const root = membersAt(text, 0);
    if (ask.kind === 'own') {
      ask.answered(answerOf(text, root));
      return;
    }
    const edits = [replaceMember(root, 'id', ask.idText)!];
    const result = memberText(text, root, 'result');
    if (ask.readResult !== undefined && result !== undefined)
      edits.push(replaceMember(root, 'result', ask.readResult(result))!);
    ask.link.send(applyEdits(text, edits));
    if (ask.callIdText !== undefined) this.#onSettled(ask.callIdText);
  }

  /** The client's progress on an ask; an unknown token is ignored. */
  progress(tokenText: string, text: string): void {
    const ask = this.#asks.get(tokenText);
    if (ask?.kind !== 'upstream' || ask.tokenText === undefined) return;
    const root = membersAt(text, 0);
    const params = membersAt(text, root.starts[root.keys.indexOf('params')]!);
    ask.link.send(applyEdits(text, [replaceMember(params, 'progressToken', ask.tokenText)!]), true);
  }

  /** The upstream takes an ask back: what the client is to be told, or undefined if it was told nothing of it. */
  withdraw(link: Link, { params }: UpstreamMessage): string | undefined {
    if (!isObject(params)) return undefined;
    const idText = idTextOf(params.requestId);
    if (idText === undefined) return undefined;
    for (const [ownId, ask] of this.#asks) {
      if (ask.kind !== 'upstream' || ask.link !== link || ask.idText !== idText) continue;
      if (ask.callIdText !== undefined) this.#onSettled(ask.callIdText);
      return this.retract(ownId, typeof params.reason === 'string' ? params.reason : undefined);
    }
    return undefined;
  }

  /** Waits for an answer no more: what the client is to be told, or undefined if nothing waited. */
  retract(idText: string, reason: string | undefined): string | undefined {
    if (!this.#asks.delete(idText)) return undefined;
    const why = reason === undefined ? '' : `,"reason":${JSON.stringify(reason)}`;
    return `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${idText}${why}}}`;
  }

  /** A call is over: what was asked for it is not waited for any more. */
  forgetCall(callIdText: string): void {
    for (const [ownId, ask] of this.#asks) if (ask.callIdText === callIdText) this.#asks.delete(ownId);
  }

  forgetLink(link: Link): void {
    for (const [ownId, ask] of this.#asks)
      if (ask.kind === 'upstream' && ask.link === link) this.#asks.delete(ownId);
  }

  clear(): void {
    this.#asks.clear();
  }

  #nextId(): string {
    const id = `"gw-${this.#next}"`;
    this.#next += 1;
    return id;
  }

  /**
   * False: there is no room. What belongs to a call ends with it, so that a client whose answers lead to further asks
   * is asked so deep and no deeper; what belongs to none may wait for ever, and makes room.
   */
  #makeRoom(): boolean {
    if (this.#asks.size < MAX_ASKS) return true;
    for (const [ownId, ask] of this.#asks) {
      if (ask.kind === 'own' || ask.callIdText !== undefined) continue;
      this.#asks.delete(ownId);
      refuseRequest(ask.link, ask.message);
      return true;
    }
    return false;
  }
}

const progressToken = (
  paramsText: string,
  ownId: string,
): { readonly text: string; readonly edit: Edit } | undefined => {
  const params = membersAt(paramsText, 0);
  const metaStart = params.starts[params.keys.indexOf('_meta')];
  if (metaStart === undefined) return undefined;
  const meta = membersAt(paramsText, metaStart);
  const known = memberText(paramsText, meta, 'progressToken');
  return known === undefined
    ? undefined
    : { text: known, edit: replaceMember(meta, 'progressToken', ownId)! };
};
