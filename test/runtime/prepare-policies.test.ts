import { describe, expect, it } from 'vitest';
import type { ServerPolicies } from '../../runtime/mcp/server.ts';
import { takePolicies } from '../../runtime/prepare-policies.ts';
import type { ServerParts } from '../../runtime/prepare-server.ts';
import { Leases } from '../../runtime/reload/leases.ts';
import { SharedObjects } from '../../runtime/reload/shared.ts';
import { TurnTaking } from '../../runtime/reload/turn-taking.ts';
import type { CelPolicyNode } from '../../schema/graph/policy.ts';
import type { ServerNode } from '../../schema/graph/server.ts';
import { toolCall } from '../policies/call-facts.ts';

const LONG = ' '.repeat(1_000);

/** Of a server that lists them in this order, each denying what its expression says. */
const policiesOf = (...expressions: readonly string[]): Promise<ServerPolicies> => {
  const nodes = expressions.map(
    (expression, at): CelPolicyNode => ({
      kind: 'policy',
      type: 'cel',
      name: `p${at}`,
      effect: 'deny',
      expression,
    }),
  );
  const policies = Object.fromEntries(nodes.map((node) => [node.name, node]));
  const node = { policies: nodes.map(({ name }) => name), limits: [] } as unknown as ServerNode;
  const turns = new TurnTaking();
  const parts = {
    turns,
    loaded: { graph: { policies, limits: {} }, fingerprints: {} },
    context: { live: { policies: new SharedObjects(() => undefined) } },
  } as unknown as ServerParts;
  return takePolicies(node, parts, new Leases(turns));
};

describe('the policies of a server', () => {
  it('decide and tell what they read as they would if they had been parsed before', async () => {
    for (const more of ['', LONG]) {
      const policies = await policiesOf(
        `tool.name == "drop"${more}`,
        `request.headers["x-stop"] == "1"${more}`,
      );
      expect(policies.readsHeaders).toBe(true);
      expect(policies.readsMimeType).toBe(false);
      expect(policies.lasting).toBe(false);
      expect(policies.decide(toolCall('drop')).kind).toBe('deny');
    }
  });

  it('of which there are none need not be asked', async () => {
    expect((await policiesOf()).none).toBe(true);
    expect((await policiesOf('false')).none).toBe(false);
  });

  it('fail whoever asks, again and again, where one cannot be parsed', async () => {
    const policies = await policiesOf('false', 'tool.name ==');
    for (const _call of [1, 2]) {
      expect(() => policies.decide(toolCall('x'))).toThrow('cannot prepare the CEL expression');
      expect(() => policies.lasting).toThrow('cannot prepare the CEL expression');
    }
  });

  it('that are long are parsed before, so that nothing of them is served where that fails', async () => {
    await expect(policiesOf(`tool.name ==${LONG}`)).rejects.toThrow('cannot prepare the CEL expression');
  });

  it('that are many are parsed before, however short each is: nobody waits for all of them at once', async () => {
    const many = Array.from(
      { length: 50 },
      (_, at) => `tool.name == "no-tool-has-a-name-like-this-one-${at}"`,
    );
    await expect(policiesOf(...many, 'tool.name ==')).rejects.toThrow('cannot prepare the CEL expression');
    expect((await policiesOf(...many, 'tool.name == "x"')).decide(toolCall('x')).kind).toBe('deny');
  });

  it('that are short are parsed however they may nest', async () => {
    const depth = 64;
    const policies = await policiesOf(`${'('.repeat(depth)}true${')'.repeat(depth)}`);
    expect(policies.decide(toolCall('x')).kind).toBe('deny');
  });
});
