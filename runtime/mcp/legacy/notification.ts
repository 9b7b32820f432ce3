/** Notifications of legacy clients: each goes to the upstream that it concerns, or ends here. */
import { memberText } from '../../json-members.ts';
import type { Message } from '../message.ts';
import type { Session } from './session.ts';

/** Takes one notification. What is unknown is ignored, as JSON-RPC asks. */
export const takeNotification = (session: Session, message: Message): void => {
  switch (message.method) {
    case 'notifications/cancelled': {
      const idText = memberText(message.text, message.members.params, 'requestId');
      const { reason } = message.params;
      if (idText !== undefined)
        session.inFlight.cancel(idText, typeof reason === 'string' ? reason : 'cancelled by the client');
      return;
    }
    case 'notifications/roots/list_changed':
      for (const link of session.links.all()) link.send(message.text, true);
      return;
    case 'notifications/progress': {
      const tokenText = memberText(message.text, message.members.params, 'progressToken');
      if (tokenText !== undefined) session.asks.progress(tokenText, message.text);
      return;
    }
    default:
  }
};
