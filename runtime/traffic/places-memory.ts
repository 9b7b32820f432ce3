/** How places, their keys and who waits for them lie in memory that threads share. */
import { SharedTable, tableMemory } from '../state/shared-table.ts';
import { PlaceRecords, recordBytes } from './place-records.ts';

/** Columns of the table, by key. */
const USED = 1;
const QUEUED = 2;
const FIRST = 3;
const LAST = 4;
const ROUND = 5;
const KEY_COLUMNS = 6;

/** Numbers that are of all keys. */
export const MAX = 0;
export const ORDER = 1;
export const ALL_HELD = 2;
export const ALL_WAITING = 3;
const HEAD_NUMBERS = 4;
/** A word that wakes threads, with as much that rounds it up. */
const NEWS_BYTES = 8;

interface PlacesSize {
  /** Levels of the table of keys: one for a single key. */
  readonly levels: number;
  /** How many calls may hold a place or wait for one, over all keys. */
  readonly records: number;
}

/** For the limits of a server: as many keys and calls as a process has at a time. */
const MANY: PlacesSize = { levels: 7, records: 65_536 };

const restBytes = (records: number): number =>
  NEWS_BYTES + HEAD_NUMBERS * Float64Array.BYTES_PER_ELEMENT + recordBytes(records);

/** Memory for what is counted by many keys. */
export const placesMemory = (size: PlacesSize = MANY): SharedArrayBuffer =>
  tableMemory({ columns: KEY_COLUMNS, levels: size.levels, restBytes: restBytes(size.records) });

/** Memory for what has one key and lets `max` run and `queue` wait. */
export const onePlaceMemory = (max: number, queue: number): SharedArrayBuffer =>
  placesMemory({ levels: 1, records: max + queue });

/** The parts of the memory; `holder` names this thread among those that share it. */
export const readPlaces = (memory: SharedArrayBuffer, holder: number) => {
  const table = new SharedTable(memory, holder);
  const round = table.column(ROUND);
  const newsOffset = round.byteOffset + round.byteLength;
  const head = new Float64Array(memory, newsOffset + NEWS_BYTES, HEAD_NUMBERS);
  return {
    table,
    /** Places that are held, of each key. */
    used: table.column(USED),
    queue: { length: table.column(QUEUED), first: table.column(FIRST), last: table.column(LAST), round },
    /** Told, by `Atomics`, that a record of another thread was granted or dropped. */
    news: new Int32Array(memory, newsOffset, 1),
    head,
    records: new PlaceRecords(memory, head.byteOffset + head.byteLength),
  };
};
