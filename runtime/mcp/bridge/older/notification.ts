/** Notifications for clients of a revision older than what the upstream speaks. */

import { membersAt } from '../../../json-members.ts';
import { isObject, type Message as UpstreamMessage } from '../../../upstream/message.ts';
import { SINCE } from '../../revision.ts';
import { applyEdits, dropMembers } from '../../splice.ts';

const MESSAGE: ReadonlySet<string> = new Set(['message']);

/** Progress without a message, where the revision knows none. */
export const olderProgress = (text: string, { params }: UpstreamMessage, revision: string): string => {
  if (revision >= SINCE.progressMessage || !isObject(params) || !('message' in params)) return text;
  const root = membersAt(text, 0);
  const start = root.starts[root.keys.indexOf('params')]!;
  return applyEdits(text, dropMembers(membersAt(text, start), MESSAGE));
};

/** Whether a client of `revision` knows a notification at all. */
export const knowsNotification = (revision: string, method: string): boolean =>
  method !== 'notifications/elicitation/complete' || revision >= SINCE.urlElicitation;
