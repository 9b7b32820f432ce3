/** Servers of a graph that is read. */
import type {
  ExposeNode,
  Features,
  ListsNode,
  Selection,
  ServerNode,
  ToolLabels,
} from '../../../schema/graph/server.ts';
import { fields, flag, list, literal, number, oneOf, optional, record, text } from '../shape.ts';

const selection = fields<Selection>({ allow: list(text), rename: record(text) });

const expose = fields<ExposeNode>({
  upstream: literal,
  prefix: text,
  tools: selection,
  prompts: selection,
  resources: selection,
  labels: optional(record(text)),
  toolLabels: optional(list(fields<ToolLabels>({ tools: literal, labels: record(text) }))),
  extensions: record(list(text)),
});

const features = fields<Features>({
  tools: flag,
  resources: flag,
  prompts: flag,
  completions: flag,
  logging: flag,
  sampling: flag,
  elicitation: flag,
  roots: flag,
  tasks: flag,
});

export const serverShape = fields<ServerNode>({
  kind: oneOf('server'),
  name: literal,
  at: list(fields<ServerNode['at'][number]>({ listener: literal, path: literal })),
  identities: list(literal),
  anonymous: flag,
  versions: list(literal),
  scopes: list(text),
  expose: list(expose),
  features,
  lists: fields<ListsNode>({ pageItems: number, pageBytes: number, paramHeaders: oneOf('keep', 'strip') }),
  deadlineHeader: optional(literal),
  provenance: flag,
  policies: list(literal),
  limits: list(literal),
  labels: optional(record(text)),
  instructions: optional(text),
});
