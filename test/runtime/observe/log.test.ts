import { describe, expect, it } from 'vitest';
import { createLog } from '../../../runtime/observe/log.ts';
import { keepLines } from './lines.ts';

const start = (format: 'json' | 'pretty' = 'json', level: 'debug' | 'info' | 'warn' = 'info') => {
  const lines = keepLines();
  return { lines, log: createLog({ level, format, access: false }, lines) };
};

describe('createLog', () => {
  it('writes one JSON object a line, with time, level, message and fields', () => {
    const { lines, log } = start();
    log.child({ upstream: 'github' }).warn('breaker opened', { failures: 5 });
    const [line] = lines.parsed();
    expect(line).toMatchObject({ level: 'warn', msg: 'breaker opened', upstream: 'github', failures: 5 });
    expect(line!.time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(Object.keys(line!).sort()).toEqual(['failures', 'level', 'msg', 'time', 'upstream']);
  });

  it('tells an error with its causes', () => {
    const { lines, log } = start();
    log.error('reload failed', { error: new Error('outer', { cause: new Error('inner') }) });
    expect(lines.parsed()[0]!.error).toMatchObject({ message: 'outer: inner' });
  });

  it('takes over another level and format in place, children included', () => {
    const { lines, log } = start('json', 'warn');
    const child = log.child({ room: 'mcp' });
    child.info('hidden');
    log.configure({ level: 'debug', format: 'json', access: false });
    child.debug('shown');
    log.configure({ level: 'silent', format: 'json', access: false });
    child.error('hidden');
    expect(lines.parsed().map(({ msg }) => msg)).toEqual(['shown']);
    log.configure({ level: 'info', format: 'pretty', access: false });
    child.info('as text');
    expect(lines.text).toMatch(/\n\d\d:\d\d:\d\d\.\d{3} INFO {2}as text room=mcp\n$/);
  });

  it('keeps credentials out of messages, fields, nested headers and errors', () => {
    const { lines, log } = start();
    const secrets = [
      'Bearer abcdef123456',
      'gw_ci-bot_0123456789abcdefABCDEF',
      'eyJhbGciOiJF.eyJzdWIiOiJh.c2lnbmF0dXJl',
    ];
    for (const secret of secrets) {
      log.info(`header was ${secret}`, {
        note: secret,
        headers: { authorization: secret, cookie: 'session=1' },
      });
      log.error('failed', {
        error: new Error(`refused ${secret}`),
        list: [secret],
        deep: { a: { b: secret } },
      });
    }
    for (const secret of secrets) expect(lines.text).not.toContain(secret.replace('Bearer ', ''));
    expect(lines.text).not.toContain('session=1');
    expect(lines.text).toContain('gw_ci-bot_[redacted]');
  });

  it('cannot be made to write a line of its own, or to steer a terminal', () => {
    for (const format of ['json', 'pretty'] as const) {
      const { lines, log } = start(format);
      log.info('a\n{"level":"error"}\r\u001b[2K', {
        name: 'x\ny\u001b]0;t\u0007\u009b31m\u2028\u202e',
        'k\ny': 1,
      });
      expect(lines.text.split('\n')).toHaveLength(2);
      expect(lines.text.slice(0, -1)).not.toMatch(/[\p{Cc}\u2028\u202e]/u);
    }
  });
});
