/** `upstreams`: where calls go. */
import type { Static } from 'typebox';
import { unionByType } from '../value.ts';
import { HttpUpstream } from './http.ts';
import { OpenApiUpstream } from './openapi.ts';
import { StdioUpstream } from './stdio.ts';

export const Upstream = unionByType([HttpUpstream, StdioUpstream, OpenApiUpstream], {
  description: 'An MCP server or an HTTP API that calls go to.',
});

export type Upstream = Static<typeof Upstream>;
