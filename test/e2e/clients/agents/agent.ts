/** What agents of others do with a server: the part that each of them offers. */
export interface Agent extends AsyncDisposable {
  /** Names. */
  tools(): Promise<string[]>;
  /** The texts of the result, joined. Rejects, or tells of the error in the text, as the agent does it. */
  call(name: string, args: Record<string, unknown>): Promise<string>;
  /** URIs. */
  resources(): Promise<string[]>;
  read(uri: string): Promise<string>;
  /** The text of a prompt; absent where the agent knows none. */
  readonly prompt?: (name: string, args: Record<string, string>) => Promise<string>;
}

/** Starts an agent on an endpoint. */
export type OpenAgent = (url: string) => Promise<Agent>;
