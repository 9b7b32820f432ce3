/** The tasks extension as it is negotiated (MCP 2026-07-28, SEP-2663). */
import { GatewayError, RPC } from '../../errors.ts';
import { isObject } from '../../upstream/message.ts';
import type { Message } from '../message.ts';
import type { Part } from '../part.ts';
import { META } from '../revision.ts';

export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

const hasTasks = (capabilities: unknown): boolean =>
  isObject(capabilities) && isObject(capabilities.extensions) && TASKS_EXTENSION in capabilities.extensions;

/** Whether a request declares that its client speaks tasks. */
export const declaresTasks = (message: Message): boolean => hasTasks(message.meta?.[META.clientCapabilities]);

/** Whether an upstream speaks tasks in the modern way. */
export const offersTasks = ({ connected }: Part): boolean =>
  connected?.link.era === 'modern' && hasTasks(connected.link.peer.capabilities);

/** The answer to a client that uses tasks without having declared them. */
export const tasksNotDeclared = (): GatewayError =>
  new GatewayError('missing_capability', 'the tasks extension must be declared', {
    status: 400,
    rpcCode: RPC.missingCapability,
    data: { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } },
  });
