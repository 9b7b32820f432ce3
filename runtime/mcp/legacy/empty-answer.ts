import type { Call } from '../call.ts';
import { resultText } from '../client-reply.ts';

/** Answers that what was asked is done; older clients refuse any member in such a result. */
export const answerEmpty = (call: Call): void => {
  call.exchange.record.outcome = 'ok';
  call.reply.response(resultText(call.idText, '{}'));
};
