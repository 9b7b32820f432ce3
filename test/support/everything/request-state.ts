import type { RequestStateCodec } from '@modelcontextprotocol/server';
import { createRequestStateCodec } from '@modelcontextprotocol/server';
import type { EverythingWorld } from './world.ts';

/** What the multi-round tools remember between two rounds. */
export interface RoundState {
  readonly tool: string;
  readonly round: number;
}

export type RoundStateCodec = RequestStateCodec<RoundState>;

/** Signs `requestState`, so that a changed one is refused (MCP 2026-07-28, basic/patterns/mrtr). */
export function roundStateCodec(world: EverythingWorld): RoundStateCodec {
  return createRequestStateCodec<RoundState>({ key: world.stateKey });
}
