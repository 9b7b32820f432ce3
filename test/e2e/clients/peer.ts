/** An MCP client of somebody else's making, as tests drive it. */

/** What a client is asked by a server, and answers. */
export interface PeerAbilities {
  /** Takes the message of a form and gives its values. */
  readonly elicit?: (message: string) => Record<string, string | number | boolean>;
  /** Takes the text of the last message and gives the model's. */
  readonly sample?: (text: string) => string | Promise<string>;
  /** URIs. */
  readonly roots?: readonly string[];
}

export interface ToolAnswer {
  /** The texts of all content, joined. */
  readonly text: string;
  readonly isError: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
  readonly result: any;
}

export interface CallOptions {
  readonly onProgress?: (progress: number) => void;
  readonly signal?: AbortSignal;
  /** Asked for with the call (2026-07-28). */
  readonly logLevel?: string;
}

export interface Peer {
  readonly era: 'modern' | 'legacy';
  /** What the server says it can do. */
  readonly capabilities: Readonly<Record<string, unknown>>;
  tools(): Promise<string[]>;
  call(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<ToolAnswer>;
  /** URIs. */
  resources(): Promise<string[]>;
  templates(): Promise<string[]>;
  /** The text, or the base64 of a blob. */
  read(uri: string): Promise<string>;
  prompts(): Promise<string[]>;
  /** The texts of all messages, joined. */
  prompt(name: string, args?: Record<string, string>): Promise<string>;
  completePrompt(name: string, argument: string, value: string): Promise<string[]>;
  completeResource(uri: string, argument: string, value: string): Promise<string[]>;
  /** Of a session; rejects in the modern era. */
  setLogLevel(level: 'debug' | 'info' | 'error'): Promise<void>;
  ping(): Promise<void>;
  /** In the modern era by a listen stream of its own. */
  subscribe(uri: string): Promise<void>;
  unsubscribe(uri: string): Promise<void>;
  /** Wants to be told of changed lists; a session is told without asking. */
  watchLists(): Promise<void>;
  /** Notifications as they came: log messages, changes, updates. */
  readonly heard: readonly Heard[];
  /** Settles when a notification of the method has come, as many as given. */
  hears(method: string, count?: number): Promise<void>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface Heard {
  readonly method: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
  readonly params: any;
}

/** Opens a client on an endpoint. */
export type OpenPeer = (url: string, abilities?: PeerAbilities) => Promise<Peer>;
