/** Times that must not be longer than others. References are known later and not compared. */
import { isReference } from '../../schema/graph/graph.ts';
import { durationMs } from '../../schema/unit.ts';
import { isWritten, placeAt } from '../configuration.ts';
import type { Path } from '../source/tree.ts';
import type { Check } from './check.ts';

/** `shorter` must be at most `longer`; both below the same map. */
interface Order {
  readonly below: Path;
  readonly values: object;
  readonly shorter: string;
  readonly longer: string;
}

const valueOfKey = (values: object, key: string): number | undefined => {
  const text = (values as Readonly<Record<string, unknown>>)[key];
  return typeof text === 'string' && !isReference(text) ? durationMs(text) : undefined;
};

const ordersOf = (config: Parameters<Check>[0]): readonly Order[] => {
  const { sessions, reload, shutdown, upstreams, limits } = config.data;
  const window = { shorter: 'window', longer: 'deadline' };
  const ofUpstreams = Object.entries(upstreams).flatMap(([name, { timeouts, retry }]) => [
    { below: ['upstreams', name, 'timeouts'], values: timeouts!, shorter: 'call', longer: 'callMax' },
    { below: ['upstreams', name, 'timeouts'], values: timeouts!, shorter: 'firstByte', longer: 'call' },
    {
      below: ['upstreams', name, 'retry', 'backoff'],
      values: retry?.backoff ?? {},
      shorter: 'base',
      longer: 'max',
    },
  ]);
  const ofLimits = Object.entries(limits).flatMap(([name, limit]) =>
    limit.type === 'bounds'
      ? [{ below: ['limits', name], values: limit, shorter: 'callTimeout', longer: 'callMax' }]
      : [],
  );
  return [
    ...ofUpstreams,
    ...ofLimits,
    { below: ['sessions'], values: sessions, shorter: 'idle', longer: 'absolute' },
    { below: ['sessions', 'parked'], values: sessions.parked!, shorter: 'idle', longer: 'absolute' },
    { below: ['reload', 'drain'], values: reload.drain!, ...window },
    { below: ['shutdown'], values: shutdown, ...window },
  ];
};

export const checkTimes: Check = (config, report) => {
  for (const { below, values, shorter, longer } of ordersOf(config)) {
    const least = valueOfKey(values, shorter);
    const most = valueOfKey(values, longer);
    if (least === undefined || most === undefined || least <= most) continue;
    const text = (key: string) => String((values as Readonly<Record<string, unknown>>)[key]);
    const [here, other] = isWritten(config, ...below, longer) ? [longer, shorter] : [shorter, longer];
    const isGiven = isWritten(config, ...below, other);
    report(
      'GW3049',
      placeAt(config, ...below, here),
      { shorter, longer, least: text(shorter), most: text(longer), assumed: isGiven ? undefined : other },
      {
        labels: isGiven
          ? [{ place: placeAt(config, ...below, other), text: `\`${other}\` is given here` }]
          : [],
      },
    );
  }
};
