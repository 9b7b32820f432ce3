/** A two-way channel of JSON-RPC messages with one client: a pair of pipes, a socket, an event stream to post back to. */

/** Why the gateway ends a channel. */
export type ChannelEnd =
  /** All is done: the client said that it sends no more, or the session is over. */
  | 'done'
  | 'going-away'
  /** The credential that the channel was opened with is valid no more. */
  | 'unauthenticated'
  /** The rules that serve now do not let its client have it. */
  | 'refused'
  | 'not-served';

/** What a conversation writes to. Nothing may throw. */
export interface Channel {
  /** Sends one message. Ignored once the channel is over. */
  send(text: string): void;
  /** Ends the channel after what was sent. */
  end(why: ChannelEnd): void;
}
