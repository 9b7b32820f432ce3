/** `stdio` as gateway.yaml says it. */
import type { StdioUpstreamNode } from '../../../../schema/graph/upstream.ts';
import { map, plain, sequence, type WrittenMap } from '../../written.ts';
import { writeTexts } from './headers.ts';
import { writeTraffic } from './traffic.ts';

export const writeStdioUpstream = (node: StdioUpstreamNode): WrittenMap =>
  map({
    type: plain(node.type),
    command: sequence([node.command, ...node.args]),
    env: writeTexts(node.env),
    directory: plain(node.directory),
    isolation: plain(node.isolation),
    ...writeTraffic(node),
  });
