import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AccessLog } from '../../../runtime/observe/access-log.ts';
import { ANONYMOUS } from '../../../schema/principal.ts';
import { recordedExchange } from './exchange-fixture.ts';
import { keepLines } from './lines.ts';

/** Whether a text holds no character that would steer a terminal or end a line. */
const isTame = (text: string): boolean => !/[\p{Cc}\u2028-\u202e\u2066-\u2069]/u.test(text);

describe('AccessLog', () => {
  it('writes one JSON object for each request', () => {
    const lines = keepLines();
    new AccessLog('json', lines).write(recordedExchange(), 200, 1.2345);
    const [line] = lines.parsed();
    expect(line).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      msg: 'access',
      correlationId: 'abc-1',
      listener: 'edge',
      server: 'engineering',
      principal: ':anonymous',
      roles: [],
      tenant: '',
      clientAddress: '192.0.2.7',
      era: 'modern',
      method: 'tools/call',
      target: 'echo',
      upstream: 'github',
      policy: '',
      outcome: 'ok',
      status: 200,
      durationMs: 1.23,
    });
  });

  it('tells what policies may have gone by, and never a claim or a credential', () => {
    const lines = keepLines();
    const principal = {
      ...ANONYMOUS,
      key: 'workforce:ann',
      roles: ['engineering', 'on "call"', ...Array.from({ length: 100 }, (_, index) => `role-${index}`)],
      tenant: 'acme',
      claims: { email: 'ann@acme.example' },
    };
    const access = new AccessLog('json', lines);
    for (const policy of ['', 'change-freeze'])
      access.write(recordedExchange({ policy }, {}, principal), 200, 1);
    const [first, second] = lines.parsed();
    expect(first).toMatchObject({ principal: 'workforce:ann', tenant: 'acme', policy: '' });
    expect(first).toMatchObject({ roles: expect.arrayContaining(['engineering', 'on "call"', 'role-0']) });
    expect(second).toMatchObject({ policy: 'change-freeze', tenant: 'acme' });
    expect(lines.text).not.toContain('ann@acme.example');
    expect((first as { roles: string[] }).roles).toHaveLength(32);
  });

  it('tells each request of a caller apart, whatever of it is as before', () => {
    const lines = keepLines();
    const access = new AccessLog('json', lines);
    const asked = [
      [recordedExchange(), 200],
      [recordedExchange(), 200],
      [recordedExchange(), 200],
      [recordedExchange(), 0],
      [recordedExchange({ target: 'ecHo' }), 200],
      [recordedExchange({ target: 'ecHo'.repeat(1_000) }), 200],
      [recordedExchange({ method: 'prompts/get' }), 200],
      [recordedExchange({ server: 'sales' }), 200],
      [recordedExchange({ era: 'legacy' }), 200],
      [recordedExchange({ upstream: 'gitlab' }), 200],
      [recordedExchange({ policy: 'change-freeze' }), 200],
      [recordedExchange({ outcome: 'tool_error' }), 200],
      [recordedExchange({}, { listener: 'inner' }), 200],
      [recordedExchange({}, { clientAddress: '192.0.2.8' }), 200],
      [recordedExchange({}, {}, { ...ANONYMOUS, key: 'workforce:ann' }), 200],
      [recordedExchange(), 200],
    ] as const;
    for (const [at, [exchange, status]] of asked.entries())
      access.write({ ...exchange, correlationId: `id-${at}` }, status, at);
    const alone = asked.map(([exchange, status], at) => {
      const line = keepLines();
      new AccessLog('json', line).write({ ...exchange, correlationId: `id-${at}` }, status, at);
      return line.parsed()[0];
    });
    const untimed = (line: unknown) => ({ ...(line as object), time: '' });
    expect(lines.parsed().map(untimed)).toEqual(alone.map(untimed));
  });

  it('writes a line for people where that is configured', () => {
    const lines = keepLines();
    const access = new AccessLog('json', lines);
    access.configure('pretty');
    access.write(recordedExchange({ target: 'a "b"\n' }), 429, 3);
    expect(lines.text).toMatch(
      /^[\d:.]+ 429 tools\/call "a \\"b\\"\\n" ok 3\.0ms server=engineering principal=":anonymous"|principal=:anonymous client=192\.0\.2\.7 correlationId=abc-1\n$/,
    );
  });

  it('writes exactly one parsable line whatever a caller calls its tools and itself', () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 });
    fc.assert(
      fc.property(
        text,
        text,
        text,
        fc.constantFrom('json' as const, 'pretty' as const),
        (target, method, key, format) => {
          const lines = keepLines();
          const exchange = recordedExchange({ target, method }, {}, { ...ANONYMOUS, key });
          new AccessLog(format, lines).write(exchange, 200, 1);
          expect(lines.text.split('\n')).toHaveLength(2);
          expect(isTame(lines.text.slice(0, -1))).toBe(true);
          if (format === 'json') {
            expect(lines.parsed()[0]).toMatchObject({
              target: target.toWellFormed() === target ? target : expect.any(String),
              principal: expect.any(String),
            });
          }
        },
      ),
    );
  });

  it('cuts what is too long', () => {
    const lines = keepLines();
    new AccessLog('json', lines).write(
      recordedExchange({ target: 'x'.repeat(1e6), method: 'y'.repeat(1e6) }),
      200,
      1,
    );
    expect(lines.text.length).toBeLessThan(1_500);
  });
});
