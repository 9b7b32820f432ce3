import { expect, test } from 'vitest';
import { SharedTable, tableMemory } from '../../../runtime/state/shared-table.ts';

const USED = 1;
const FREE = 0;

/** Takes a slot for a key, or -1 where there is none. */
const enter = (table: SharedTable, key: string): number => {
  table.choose(key);
  const known = table.find(FREE);
  const slot = known < 0 ? table.claim(FREE) : known;
  if (slot >= 0) table.until[slot] = USED;
  return slot;
};

test('a table that is full takes no new key, and loses none that it has', () => {
  const table = new SharedTable(tableMemory({ columns: 1, levels: 2 }), 1);
  const slots = new Map<string, number>();
  let refused = 0;
  for (let index = 0; index < 5000; index += 1) {
    const slot = enter(table, `key-${index}`);
    if (slot < 0) refused += 1;
    else slots.set(`key-${index}`, slot);
  }
  expect(slots.size).toBeGreaterThan(2500);
  expect(slots.size).toBeLessThanOrEqual(3072);
  expect(refused).toBe(5000 - slots.size);
  expect(new Set(slots.values()).size).toBe(slots.size);
  expect(table.sizeAt(FREE)).toBe(slots.size);
  for (const [key, slot] of slots) expect(enter(table, key)).toBe(slot);
});

test('keys that take all slots of another in one table take few of them in the next: nobody can choose such', () => {
  const make = () => new SharedTable(tableMemory({ columns: 1, levels: 1 }), 1);
  const [known, other] = [make(), make()];
  const setOf = (slot: number): number => Math.floor(slot / 8);
  const home = setOf(enter(known, 'the victim'));
  const alike: string[] = [];
  for (let index = 0; alike.length < 8; index += 1) {
    const slot = enter(known, `key-${index}`);
    if (setOf(slot) === home) alike.push(`key-${index}`);
    known.until[slot] = FREE;
  }
  for (const key of alike) expect(enter(other, key)).toBeGreaterThanOrEqual(0);
  expect(enter(other, 'the victim')).toBeGreaterThanOrEqual(0);
  expect(known.digestOf('the victim')).not.toEqual(other.digestOf('the victim'));
});

test('a slot that is not used any more is given to another key', () => {
  const table = new SharedTable(tableMemory({ columns: 1, levels: 1 }), 1);
  for (let index = 0; index < 20_000; index += 1) {
    const slot = enter(table, `key-${index}`);
    expect(slot).toBeGreaterThanOrEqual(0);
    table.until[slot] = FREE;
  }
});
