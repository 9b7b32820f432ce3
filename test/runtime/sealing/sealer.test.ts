import { describe, expect, it } from 'vitest';
import { Sealer } from '../../../runtime/sealing/sealer.ts';

const BOUND = ['alice', 'engineering'];

describe('a sealed text', () => {
  const sealer = new Sealer();

  it('opens to what was sealed', () => {
    const sealed = sealer.seal('cursor', BOUND, 'page 2 ✓');
    expect(sealed).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(sealer.open('cursor', BOUND, sealed)).toBe('page 2 ✓');
  });

  it('tells nothing of what is in it', () => {
    const sealed = sealer.seal('cursor', BOUND, 'secret-cursor');
    expect(Buffer.from(sealed, 'base64url').toString('latin1')).not.toContain('secret');
    expect(sealer.seal('cursor', BOUND, 'secret-cursor')).not.toBe(sealed);
  });

  it('does not open with any bit of it changed, nor cut, nor continued', () => {
    const sealed = sealer.seal('cursor', BOUND, 'x');
    const bytes = Buffer.from(sealed, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(sealer.open('cursor', BOUND, changed.toString('base64url'))).toBeUndefined();
    }
    expect(sealer.open('cursor', BOUND, sealed.slice(0, -4))).toBeUndefined();
    expect(sealer.open('cursor', BOUND, `${sealed}AAAA`)).toBeUndefined();
  });

  it('has one spelling only', () => {
    const sealed = sealer.seal('cursor', BOUND, 'xx');
    const bytes = Buffer.from(sealed, 'base64url');
    expect(bytes.length % 3).not.toBe(0);
    const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    for (const letter of last)
      if (letter !== sealed.at(-1))
        expect(sealer.open('cursor', BOUND, sealed.slice(0, -1) + letter)).toBeUndefined();
    expect(sealer.open('cursor', BOUND, `${sealed}=`)).toBeUndefined();
    expect(sealer.open('cursor', BOUND, ` ${sealed}`)).toBeUndefined();
  });

  it('does not open for another purpose, nor for other parts', () => {
    const sealed = sealer.seal('cursor', BOUND, 'x');
    expect(sealer.open('session', BOUND, sealed)).toBeUndefined();
    expect(sealer.open('cursor', ['bob', 'engineering'], sealed)).toBeUndefined();
    expect(sealer.open('cursor', ['alice","engineering'], sealed)).toBeUndefined();
    expect(sealer.open('cursor', [], sealed)).toBeUndefined();
  });
});

describe('a sealed name', () => {
  const sealer = new Sealer(['some key material']);

  it('is the same whenever the same is sealed, by whoever has the key', () => {
    const name = sealer.sealName('task', BOUND, 'task-1');
    expect(new Sealer(['some key material']).sealName('task', BOUND, 'task-1')).toBe(name);
    expect(sealer.open('task', BOUND, name)).toBe('task-1');
  });

  it('differs for all else, nonce included', () => {
    const names = [
      sealer.sealName('task', BOUND, 'task-1'),
      sealer.sealName('task', BOUND, 'task-2'),
      sealer.sealName('task', ['bob', 'engineering'], 'task-1'),
      sealer.sealName('cursor', BOUND, 'task-1'),
      new Sealer(['other key material']).sealName('task', BOUND, 'task-1'),
    ].map((name) => Buffer.from(name, 'base64url').subarray(4, 16).toString('hex'));
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('the keys of a sealer', () => {
  it('are its own where none is given', () => {
    expect(new Sealer().open('task', [], new Sealer().seal('task', [], 'x'))).toBeUndefined();
  });

  it('open what any of them sealed, and seal with the first', () => {
    const old = new Sealer(['old key material']);
    const rotated = new Sealer(['new key material', 'old key material']);
    expect(rotated.open('session', BOUND, old.seal('session', BOUND, 'x'))).toBe('x');
    expect(old.open('session', BOUND, rotated.seal('session', BOUND, 'x'))).toBeUndefined();
    expect(new Sealer(['new key material']).open('session', BOUND, rotated.seal('session', BOUND, 'x'))).toBe(
      'x',
    );
  });
});
