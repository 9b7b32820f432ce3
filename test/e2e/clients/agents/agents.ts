/** Every agent that the gateway is tried with, and the revision that it speaks to it. */
import type { OpenAgent } from './agent.ts';
import { openAiSdk } from './ai-sdk.ts';
import { openLangChain } from './langchain.ts';
import { openMcpRemote } from './mcp-remote.ts';
import { openMcporter } from './mcporter.ts';

const LEGACY = '2025-11-25';
const MODERN = '2026-07-28';

export const AGENTS: readonly {
  readonly name: string;
  /** The npm package. */
  readonly from: string;
  readonly revision: string;
  readonly open: OpenAgent;
}[] = [
  { name: '@ai-sdk/mcp', from: '@ai-sdk/mcp', revision: MODERN, open: openAiSdk(true) },
  {
    name: '@ai-sdk/mcp without discovery',
    from: '@ai-sdk/mcp',
    revision: LEGACY,
    open: openAiSdk(false),
  },
  {
    name: '@langchain/mcp-adapters',
    from: '@langchain/mcp-adapters',
    revision: LEGACY,
    open: openLangChain,
  },
  { name: 'mcp-remote', from: 'mcp-remote', revision: LEGACY, open: openMcpRemote('legacy') },
  { name: 'mcp-remote --protocol auto', from: 'mcp-remote', revision: MODERN, open: openMcpRemote('auto') },
  { name: 'mcporter', from: 'mcporter', revision: LEGACY, open: openMcporter },
];
