import { expect, it } from 'vitest';
import { COUNTED_METHODS } from '../../../compiler/check/costs.ts';
import { compile } from '../../../compiler/compile.ts';
import { LEGACY_METHODS, MODERN_METHODS } from '../../../runtime/mcp/method.ts';
import { configuration } from '../../support/configuration.ts';

const found = (cost: object, over: object = {}): readonly string[] => {
  const limits = { fair: { type: 'rate', rate: '600/m', cost } };
  const text = configuration({ tracker: 'https://tracker.example.com/mcp' }, { limits, ...over });
  const { diagnostics } = compile({
    main: 'gateway.yaml',
    read: (path) => (path === 'gateway.yaml' ? Buffer.from(text) : undefined),
  });
  return diagnostics.filter(({ code }) => code === 'GW2081').map(({ message }) => message.split('`')[3]!);
};

it('methods that may have a cost are those that the gateway counts', () => {
  const served = new Set([...MODERN_METHODS.keys(), ...LEGACY_METHODS.keys(), 'initialize']);
  served.delete('ping');
  expect(COUNTED_METHODS).toEqual([...served].sort());
});

it('a cost of what is never asked is found: unknown, off everywhere, or of no extension', () => {
  const server = { limits: ['fair'] };
  expect(found({ 'tools/list': 2, '*': 3 }, { server })).toEqual([]);
  expect(found({ ping: 0, 'acme/go': 2 }, { server })).toEqual(['ping', 'acme/go']);
  const expose = [{ upstream: 'tracker', extensions: { 'com.acme/x': ['acme/go'] } }];
  expect(found({ 'acme/go': 2 }, { server, expose })).toEqual([]);
  const off = { ...server, features: { prompts: false } };
  expect(found({ 'prompts/get': 2, 'tools/call': 2 }, { server: off })).toEqual(['prompts/get']);
});
