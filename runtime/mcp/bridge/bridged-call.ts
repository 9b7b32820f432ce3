/**
 * A modern client's call at a legacy upstream. What the upstream asks meanwhile becomes a result that asks the client
 * for input; the call stays open upstream, parked, until a retry brings the answers (MCP 2026-07-28, patterns/mrtr).
 */
import type { Principal } from '../../../schema/principal.ts';
import { asGatewayError, type GatewayError } from '../../errors.ts';
import type { Exchange } from '../../listen/exchange.ts';
import { holdOn, letGo } from '../../listen/generation-hold.ts';
import { ENDPOINT_UNREACHED, SESSION_UNKNOWN, upstreamError } from '../../upstream/failure.ts';
import type { Cancel, LargeReply, Link, ReplySink } from '../../upstream/link.ts';
import type { Message as UpstreamMessage } from '../../upstream/message.ts';
import { refuseRequest } from '../ask.ts';
import type { Call } from '../call.ts';
import { tellChange } from '../changes/feeds.ts';
import { resultText } from '../client-reply.ts';
import { inputRequiredResult, inputResponses } from '../input/input-request.ts';
import type { Parked } from '../input/parked-calls.ts';
import { sealState } from '../input/request-state.ts';
import { isUrlRequired, urlRequired } from '../input/url-elicitation.ts';
import type { LargeWatch } from '../large-result.ts';
import { ownerOf } from '../legacy/owner-quota.ts';
import type { Begun } from '../task/required-task.ts';
import type { CallOnLink, LinkCalls } from './link-calls.ts';
import { type Question, questionOf, settle, type UpstreamAsk, withdraw } from './question.ts';

/** Answers a call, whichever of its client's requests it is for at the time. */
export interface MovableSink extends ReplySink {
  moveTo(call: Call): void;
  onLarge(watch?: LargeWatch): LargeReply | undefined;
}

/** Questions that come so soon after one another are asked together. */
const GATHER_MS = 20;
/** Questions of one call that wait for answers. */
const MAX_QUESTIONS = 32;

/** `passing`: its result goes to the client in pieces, so that nothing can be asked any more. */
type State = 'queued' | 'running' | 'gathering' | 'parked' | 'passing' | 'over';

/** The request as it goes upstream, and what becomes of it there. */
interface Errand {
  readonly link: Link;
  readonly calls: LinkCalls;
  /** Sends the request and answers the sink given. */
  readonly begin: (sink: ReplySink) => Begun;
  readonly sink: MovableSink;
  /** Makes the call anew, on another session; undefined where that was done. */
  readonly again: ((call: Call) => void) | undefined;
  readonly turnTimeoutMs: number;
}

export class BridgedCall implements ReplySink, CallOnLink, Parked {
  readonly owner: string;
  place = -1;
  readonly #errand: Errand;
  readonly #questions = new Map<string, Question>();
  #call: Call;
  #state: State = 'queued';
  #begun: Begun | undefined;
  #gathering: NodeJS.Timeout | undefined;
  #keys = 0;
  /** Tells the end of the call, which came while nobody was there. */
  #ended: (() => void) | undefined;
  /** By it a generation is held while no request does: its upstream is given up no sooner than under a call that is answered. */
  #held: Exchange | undefined;

  constructor(call: Call, errand: Errand) {
    const { principal, clientAddress } = call.exchange;
    this.owner = ownerOf(principal, clientAddress);
    this.#call = call;
    this.#errand = errand;
  }

  get server(): string {
    return this.#call.server.node.name;
  }

  get principal(): Principal {
    return this.#call.exchange.principal;
  }

  /** Sends the request when it is its turn. The call is answered in every case. */
  start(): Cancel {
    const { calls, turnTimeoutMs } = this.#errand;
    const fail = (error: Error): void => this.onError(asGatewayError(error));
    calls.enter(this, turnTimeoutMs, () => this.#send(), fail);
    return this.#cancelOf(this.#call);
  }

  /** Takes the call back, if it is still answered to this request of its client. */
  #cancelOf(call: Call): Cancel {
    return (reason) => {
      if (this.#call === call && this.#state !== 'parked') this.#giveUp(reason ?? 'the caller went away');
    };
  }

  #send(): void {
    this.#state = 'running';
    this.#begun = this.#errand.begin(this);
  }

  onStream(): void {
    if (this.#state !== 'parked') this.#errand.sink.onStream();
  }

  onSuspend(): void {}

  onMessage(text: string, message: UpstreamMessage): void {
    if (message.id !== undefined && message.method !== undefined) this.asked({ text, message });
    else this.told(text, message);
  }

  told(text: string, message: UpstreamMessage): void {
    if (message.method === 'notifications/cancelled') withdraw(this.#questions, message);
    else if (this.#state !== 'parked') this.#errand.sink.onMessage(text, message);
    else tellChange(this.#errand.link, text, message);
  }

  asked(request: UpstreamAsk): void {
    const { link } = this.#errand;
    const question = questionOf(this.#call, link.upstream, request);
    const late = this.#state === 'passing' || this.#state === 'over';
    if (question === undefined || late || this.#questions.size >= MAX_QUESTIONS) {
      refuseRequest(link, request.message);
      return;
    }
    this.#keys += 1;
    this.#questions.set(`${link.upstream}-${this.#keys}`, question);
    if (this.#state === 'running') this.#gather();
  }

  #gather(): void {
    this.#state = 'gathering';
    this.#pause(true);
    this.#gathering = setTimeout(() => this.#gathered(), GATHER_MS);
  }

  #gathered(): void {
    const call = this.#call;
    try {
      // The client may have gone away, or the upstream have withdrawn what it asked.
      if (!call.isWanted()) this.#giveUp('the caller went away');
      else if (this.#questions.size > 0) this.#park();
      else this.#run();
    } catch (thrown) {
      this.#guarded(() => this.#giveUp('it could not be gone on with'));
      this.#guarded(() => call.reply.error(asGatewayError(thrown)));
    }
  }

  /** What a timer calls has nobody to throw to but the process. */
  #guarded(end: () => void): void {
    try {
      end();
    } catch (thrown) {
      const { upstream } = this.#errand.link;
      this.#call.server.log.error('a call could not be ended', { upstream, cause: thrown });
    }
  }

  #run(): void {
    this.#state = 'running';
    this.#pause(false);
  }

  #pause(paused: boolean): void {
    this.#begun?.pause(paused);
  }

  /** Answers the client with all that is asked. */
  #park(): void {
    const call = this.#call;
    const { parked } = call.server;
    try {
      const { upstream } = this.#errand.link;
      const state = { kind: 'parked', upstream, owner: parked.owner, handle: parked.park(this) } as const;
      const sealed = sealState(call, state, parked.bounds.idleMs);
      this.#state = 'parked';
      this.#hold(call);
      for (const question of this.#questions.values()) question.asked = true;
      const requests = [...this.#questions].map(([key, { requestText }]) => [key, requestText] as const);
      call.exchange.record.outcome = 'ok';
      call.reply.response(resultText(call.idText, inputRequiredResult(requests, sealed)));
    } catch (thrown) {
      this.#giveUp('no room to wait for input');
      call.reply.error(asGatewayError(thrown));
    }
  }

  /** Until it is over: what a retry goes on with is what the call was sent over. */
  #hold({ exchange }: Call): void {
    if (this.#held?.generation.isOver === false || !holdOn(exchange)) return;
    this.#letGo();
    this.#held = exchange;
  }

  #letGo(): void {
    if (this.#held !== undefined) letGo(this.#held);
    this.#held = undefined;
  }

  retried(call: Call): void {
    try {
      this.#goOn(call);
    } catch (thrown) {
      // Its handle is used up: nobody could come for it again.
      this.#guarded(() => this.#giveUp('it could not be gone on with'));
      throw thrown;
    }
  }

  #goOn(call: Call): void {
    const answers = inputResponses(call);
    this.#call = call;
    // A retry under the same graph holds it, too.
    if (call.exchange.generation === this.#held?.generation) this.#letGo();
    this.#errand.sink.moveTo(call);
    call.exchange.record.upstream = this.#errand.link.upstream;
    if (this.#ended !== undefined) {
      this.#ended();
      return;
    }
    this.#state = 'running';
    call.onCancellable(this.#cancelOf(call));
    for (const [key, question] of this.#questions)
      if (settle(call, this.#errand.link, question, answers.get(key))) this.#questions.delete(key);
    if (this.#questions.size > 0) this.#park();
    else this.#pause(false);
  }

  expired(): void {
    this.#guarded(() => this.#giveUp('no input came in time'));
  }

  onResponse(text: string, message: UpstreamMessage): void {
    const { parked } = this.#call.server;
    if (this.#state !== 'parked') this.#respond(text, message);
    else if (parked.hold(this, text.length)) this.#endLater(() => this.#respond(text, message));
    else this.onError(upstreamError('result_too_large', 'no room for a result that nobody waits for'));
  }

  onLarge(): LargeReply | undefined {
    if (this.#state !== 'running') return undefined;
    return this.#errand.sink.onLarge({
      begun: () => {
        this.#state = 'passing';
      },
      over: () => this.#over(),
    });
  }

  onError(error: GatewayError): void {
    if (this.#state === 'parked') this.#endLater(() => this.#fail(error));
    else this.#fail(error);
  }

  #endLater(end: () => void): void {
    this.#ended = end;
    // Whoever waits for the turn need not wait for the client.
    this.#errand.calls.leave(this);
    this.#letGo();
  }

  #respond(text: string, message: UpstreamMessage): void {
    const call = this.#call;
    this.#over();
    if (call.method.kind !== 'target' || !isUrlRequired(message)) {
      this.#errand.sink.onResponse(text, message);
      return;
    }
    try {
      call.reply.response(resultText(call.idText, urlRequired(call, this.#errand.link.upstream, text)));
    } catch (thrown) {
      this.#errand.sink.onError(asGatewayError(thrown));
    }
  }

  #fail(error: GatewayError): void {
    const { again, sink } = this.#errand;
    this.#over();
    const isLost = error.cause === SESSION_UNKNOWN || error.cause === ENDPOINT_UNREACHED;
    if (again !== undefined && isLost && this.#keys === 0) again(this.#call);
    else sink.onError(error);
  }

  #giveUp(reason: string): void {
    if (this.#state === 'over') return;
    this.#over();
    this.#begun?.cancel(reason);
    for (const { message } of this.#questions.values()) refuseRequest(this.#errand.link, message);
  }

  #over(): void {
    this.#state = 'over';
    clearTimeout(this.#gathering);
    this.#errand.calls.leave(this);
    this.#call.server.parked.leave(this);
    this.#letGo();
  }
}
