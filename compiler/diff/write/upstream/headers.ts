/** Headers and variables by name. */
import type { HttpUpstreamNode } from '../../../../schema/graph/upstream.ts';
import { map, namedText, plain, set, type WrittenMap } from '../../written.ts';

/** Texts by the name of a header or variable. */
export const writeTexts = (texts: Readonly<Record<string, string>>): WrittenMap =>
  map(Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, namedText(name, value)])));

export const writeHeaders = ({ forward, set: added, deadline }: HttpUpstreamNode['headers']): WrittenMap =>
  map({ forward: set(forward), set: writeTexts(added), deadline: plain(deadline) });
