import { describe, expect, it } from 'vitest';
import { withSubscriptionId } from '../../../../runtime/mcp/modern/subscription-id.ts';
import { META } from '../../../../runtime/mcp/revision.ts';

const KEY = META.subscriptionId;
const change = (rest: string): string =>
  `{"jsonrpc":"2.0","method":"notifications/tools/list_changed"${rest}}`;

describe('withSubscriptionId', () => {
  it.each([
    ['', `,"params":{"_meta":{"${KEY}":"s"}}`],
    [',"params":{}', `,"params":{"_meta":{"${KEY}":"s"}}`],
    [',"params":{"uri":"a"}', `,"params":{"_meta":{"${KEY}":"s"},"uri":"a"}`],
    [',"params":{"_meta":{}}', `,"params":{"_meta":{"${KEY}":"s"}}`],
    [',"params":{"_meta":{"x": 1.0}}', `,"params":{"_meta":{"${KEY}":"s","x": 1.0}}`],
    [`,"params":{"_meta":{"${KEY}":7,"x":1}}`, `,"params":{"_meta":{"${KEY}":"s","x":1}}`],
  ])('puts the id where %j ends', (rest, tagged) => {
    expect(withSubscriptionId(change(rest), '"s"')).toBe(change(tagged));
  });

  it.each([',"params":null', ',"params":[]', ',"params":"x"', ',"params":7'])('replaces %s', (rest) => {
    expect(withSubscriptionId(change(rest), '1')).toBe(change(`,"params":{"_meta":{"${KEY}":1}}`));
  });

  it.each(['null', '[]', '"x"', '7'])('replaces a _meta of %s and keeps what is beside it', (meta) => {
    const rest = `,"params":{"_meta":${meta},"uri":"a"}`;
    expect(withSubscriptionId(change(rest), '1')).toBe(change(`,"params":{"_meta":{"${KEY}":1},"uri":"a"}`));
  });

  it.each([
    ',"params":{},"params":{"uri":"a"}',
    ',"params":{"uri":"a","uri":"b"}',
    ',"params":{"uri":"a","\\u0075ri":"b"}',
    `,"params":{"_meta":{"${KEY}":1,"${KEY}":2}}`,
    ',"params":{"_meta":{},"_meta":{}}',
  ])('gives up %s, which readers would take differently', (rest) => {
    expect(withSubscriptionId(change(rest), '1')).toBeUndefined();
  });
});
