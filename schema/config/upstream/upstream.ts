/** `upstreams`: where calls go. */
import type { Static } from 'typebox';
import { unionByType } from '../value.ts';
import { HttpUpstream } from './http.ts';
import { StdioUpstream } from './stdio.ts';

export const Upstream = unionByType([HttpUpstream, StdioUpstream], {
  description: 'An MCP server that calls go to.',
});

export type Upstream = Static<typeof Upstream>;
