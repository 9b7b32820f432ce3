/** The tokens of a YAML file, all of them, in their order, with canonical blanks between them. */
import type { CST } from 'yaml';
import { UnusualToken } from './unusual-token.ts';
import type { Writer } from './writer.ts';

const STEP = 2;

export interface Printing {
  readonly writer: Writer;
  /** Column of a place in the text that the tokens come from. */
  readonly columnAt: (offset: number) => number;
}

const printToken = (
  { writer, columnAt }: Printing,
  token: CST.SourceToken | CST.Directive | CST.DocumentEnd,
  indent: number,
): void => {
  switch (token.type) {
    case 'space':
    case 'byte-order-mark':
      return;
    case 'newline':
      writer.newline();
      return;
    case 'comment':
      writer.comment(token.source, indent, columnAt(token.offset));
      return;
    case 'map-value-ind':
    case 'comma':
      writer.join(token.source, indent);
      writer.space();
      return;
    case 'directive':
    case 'doc-end':
      writer.add(token.source, 0);
      printTokens({ writer, columnAt }, (token as CST.DocumentEnd).end, 0);
      return;
    case 'seq-item-ind':
    case 'explicit-key-ind':
    case 'anchor':
    case 'tag':
    case 'doc-start':
      writer.add(token.source, indent);
      writer.space();
      return;
    default:
      throw new UnusualToken(token.type);
  }
};

export const printTokens = (
  printing: Printing,
  tokens: readonly CST.SourceToken[] | undefined,
  indent: number,
): void => {
  for (const token of tokens ?? []) printToken(printing, token, indent);
};

/** In double quotes, unless what is inside would need escapes then. */
const requoted = (token: CST.FlowScalar): string =>
  token.type === 'single-quoted-scalar' && !/["\\\n]|''/.test(token.source)
    ? `"${token.source.slice(1, -1)}"`
    : token.source;

const printFlowScalar = (printing: Printing, token: CST.FlowScalar, indent: number): void => {
  const { writer } = printing;
  const [first = '', ...more] = requoted(token).split('\n');
  writer.add(first, indent);
  const deeper = ' '.repeat(Math.max(indent, 0));
  const rest = more.map((line) => (line.trim() === '' ? '' : deeper + line.trimStart()));
  if (rest.length > 0) writer.raw(['', ...rest]);
  printTokens(printing, token.end, indent);
};

/** The text of a block scalar moves as a whole; its first line that is not blank says how far it is indented. */
const printBlockScalar = (printing: Printing, token: CST.BlockScalar, indent: number): void => {
  const { writer } = printing;
  for (const prop of token.props) {
    if (prop.type === 'block-scalar-header') {
      if (/\d/.test((prop as CST.SourceToken).source)) throw new UnusualToken('indentation of a block');
      writer.add((prop as CST.SourceToken).source, indent);
    } else printToken(printing, prop as CST.SourceToken, indent);
  }
  const lines = token.source.split('\n');
  const width = /^ */.exec(lines.find((line) => line.trim() !== '') ?? '')![0].length;
  writer.raw(
    lines.map((line) => (line.length <= width ? line.trim() : ' '.repeat(indent) + line.slice(width))),
  );
};

/** Lines inside stand two steps in, the closing bracket one: YAML wants both behind the key that they belong to. */
const printFlowCollection = (printing: Printing, token: CST.FlowCollection, owner: number): void => {
  const { writer } = printing;
  const [inner, closing] = [owner + 2 * STEP, owner + STEP];
  const isPadded = token.start.source === '{' && token.items.some(({ key, value }) => key || value);
  writer.add(token.start.source, closing);
  if (isPadded) writer.space();
  for (const item of token.items) printItem(printing, item, inner, inner - STEP);
  for (const end of token.end) {
    if (end.type === 'flow-map-end' || end.type === 'flow-seq-end') {
      if (isPadded) writer.space();
      else writer.tight();
      writer.add(end.source, closing);
      writer.tight();
    } else printToken(printing, end, inner);
  }
};

const printItem = (printing: Printing, item: CST.CollectionItem, indent: number, owner: number): void => {
  printTokens(printing, item.start, indent);
  if (item.key) printNode(printing, item.key, owner, indent);
  printTokens(printing, item.sep, indent + (item.sep?.some(({ type }) => type === 'newline') ? STEP : 0));
  const isBehindMark = item.sep || item.start.some(({ type }) => type === 'seq-item-ind');
  if (item.value) printNode(printing, item.value, owner, isBehindMark ? owner + STEP : indent);
};

/** `owner` is the indentation of the collection that the node is in, `indent` its own if it begins a line. */
const printNode = (printing: Printing, node: CST.Token, owner: number, indent: number): void => {
  switch (node.type) {
    case 'block-map':
    case 'block-seq': {
      const level = owner + STEP;
      for (const item of node.items) printItem(printing, item, level, level);
      return;
    }
    case 'flow-collection':
      printFlowCollection(printing, node, owner);
      return;
    case 'block-scalar':
      printBlockScalar(printing, node, Math.max(owner + STEP, STEP));
      return;
    case 'alias':
    case 'scalar':
    case 'single-quoted-scalar':
    case 'double-quoted-scalar':
      printFlowScalar(printing, node, Math.max(indent, 0));
      return;
    default:
      throw new UnusualToken(node.type);
  }
};

/** The root of a document. */
export const printRoot = (printing: Printing, node: CST.Token): void => printNode(printing, node, -STEP, 0);
