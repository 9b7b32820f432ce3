/** From `pressure` to its node; nothing where all of it is left to the process. */
import { DEFAULT_EVENT_LOOP_DELAY } from '../../schema/config/pressure.ts';
import type { PressureNode } from '../../schema/graph/graph.ts';
import type { GatewayData } from '../configuration.ts';
import { given, toBytes, toMs } from './measure.ts';

export const lowerPressure = ({
  memory,
  eventLoopDelay,
}: GatewayData['pressure']): PressureNode | undefined => {
  const isUsual = eventLoopDelay === DEFAULT_EVENT_LOOP_DELAY;
  if (memory === undefined && isUsual) return undefined;
  return {
    ...given('memoryBytes', memory === undefined ? undefined : toBytes(memory)),
    ...given('eventLoopDelayMs', isUsual ? undefined : toMs(eventLoopDelay!)),
  };
};
