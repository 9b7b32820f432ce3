import { describe, expect, it } from 'vitest';
import { isLogLevel, wantsLevel } from '../../../runtime/mcp/log-level.ts';

describe('isLogLevel', () => {
  it('knows the levels of the protocol', () => {
    const levels = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];
    expect(levels.every(isLogLevel)).toBe(true);
  });

  it.each(['bogus', 'DEBUG', '', 'constructor', 7, null, ['debug'], {}])('does not know %j', (value) => {
    expect(isLogLevel(value)).toBe(false);
  });
});

describe('wantsLevel', () => {
  it('wants what is as bad as asked for, or worse', () => {
    expect(wantsLevel('error', 'warning')).toBe(true);
    expect(wantsLevel('warning', 'warning')).toBe(true);
    expect(wantsLevel('info', 'warning')).toBe(false);
  });

  it('wants nothing that was not asked for, and no level that is none', () => {
    expect(wantsLevel('emergency', undefined)).toBe(false);
    for (const level of ['bogus', undefined, { toString: 1 }, ['error']])
      expect(wantsLevel(level, 'debug')).toBe(false);
  });
});
