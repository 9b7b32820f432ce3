/**
 * A process of its own, driven over its IPC channel: an upstream behind a proxy that does what networks and broken servers
 * do, and who calls it through the gateway at a rate. Takes the port of the upstream that is sound as its argument.
 */
import { Agent, request } from 'node:http';
import { type Fault, type FaultProxy, startFaultProxy } from '../test/support/fault-proxy.ts';
import { callBody, callHeaders, ENDPOINT_PATH, isRightAnswer } from './call.ts';

/** What the upstream does, and how often it is called. */
export interface DisturbanceJob {
  readonly fault: Fault;
  readonly gatewayPort: number;
  readonly path: string;
  readonly perSecond: number;
}

export interface DisturbanceResult {
  readonly calls: number;
  /** Of these, those that got no right answer. */
  readonly failed: number;
}

/** `'end'`: the job is over. */
export type DisturbanceOrder = DisturbanceJob | 'end';

/** First the port that is broken. `'begun'`: the fault is there, and calls are made. */
export type DisturbanceMessage =
  | { readonly port: number }
  | 'begun'
  | { readonly result: DisturbanceResult }
  | { readonly error: string };

/** More would be another kind of load. */
const MAX_UNDER_WAY = 256;

const agent = new Agent({ keepAlive: true, maxSockets: MAX_UNDER_WAY });
const BODY = callBody('modern', 1);
const HEADERS = { ...callHeaders('modern', {}), 'content-length': Buffer.byteLength(BODY) };

/** Whether one call got the right answer. */
const isAnswered = ({ gatewayPort, path }: DisturbanceJob): Promise<boolean> =>
  new Promise((resolve) => {
    const options = { agent, port: gatewayPort, host: '127.0.0.1', path, method: 'POST', headers: HEADERS };
    const outgoing = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('close', () => resolve(isRightAnswer(text, 1)));
    });
    outgoing.on('error', () => resolve(false)).end(BODY);
  });

/** The calls of one job. */
class Calls {
  readonly #job: DisturbanceJob;
  readonly #timer: NodeJS.Timeout;
  readonly #ended: Promise<boolean>[] = [];
  readonly #startMs = performance.now();
  #underWay = 0;
  #due = 0;

  constructor(job: DisturbanceJob) {
    this.#job = job;
    this.#timer = setInterval(() => this.#look(), 5);
  }

  async end(): Promise<DisturbanceResult> {
    clearInterval(this.#timer);
    const answered = await Promise.all(this.#ended);
    return { calls: answered.length, failed: answered.filter((right) => !right).length };
  }

  #look(): void {
    const due = ((performance.now() - this.#startMs) / 1_000) * this.#job.perSecond;
    for (; this.#due < due; this.#due += 1) if (this.#underWay < MAX_UNDER_WAY) this.#call();
  }

  #call(): void {
    this.#underWay += 1;
    const ended = isAnswered(this.#job).finally(() => {
      this.#underWay -= 1;
    });
    this.#ended.push(ended);
  }
}

const tell = (message: DisturbanceMessage): void => void process.send?.(message);

const serve = async (proxy: FaultProxy): Promise<void> => {
  let calls: Calls | undefined;
  const obey = async (order: DisturbanceOrder): Promise<void> => {
    if (order !== 'end') {
      await proxy.inject(order.fault);
      calls = new Calls(order);
      tell('begun');
      return;
    }
    const result = await calls?.end();
    await proxy.inject('none');
    tell({ result: result ?? { calls: 0, failed: 0 } });
  };
  process.on('message', (order: DisturbanceOrder) => {
    obey(order).catch((error: Error) => tell({ error: error.message }));
  });
  tell({ port: proxy.port });
};

const port = Number(process.argv[2]);
await serve(await startFaultProxy({ port, url: `http://127.0.0.1:${port}${ENDPOINT_PATH}` }));
