/** How much may be kept in memory for clients that do not read it, all of one thread together. */

/** What is no more than this counts for nothing: readers who keep up have as much. */
export const LITTLE_UNREAD_BYTES = 64 * 1024;

/** What one reader may leave unread where there is too little room, before it becomes less. */
export const FIRST_UNREAD_BYTES = 1024 * 1024;

export class UnreadRoom {
  /** Called when whoever keeps more than so many bytes for one reader is to give them up. */
  readonly relieved = new Set<(maxUnreadBytes: number) => void>();
  maxBytes = Number.POSITIVE_INFINITY;
  #bytes = 0;

  /** What is counted now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Counts more, or less. Beyond `maxBytes` those who keep most give it up, at once. */
  count(bytes: number): void {
    this.#bytes += bytes;
    if (bytes > 0 && this.#bytes > this.maxBytes) this.#makeRoom();
  }

  #makeRoom(): void {
    for (let max = FIRST_UNREAD_BYTES; max >= LITTLE_UNREAD_BYTES; max /= 2)
      for (const relieve of this.relieved) {
        relieve(max);
        if (this.#bytes <= this.maxBytes) return;
      }
  }
}

/** What one reader has unread, as it counts. */
export class UnreadShare {
  readonly #room: UnreadRoom;
  #bytes = 0;

  constructor(room: UnreadRoom) {
    this.#room = room;
  }

  /** So much is unread now. */
  update(unreadBytes: number): void {
    const counted = unreadBytes > LITTLE_UNREAD_BYTES ? unreadBytes : 0;
    const more = counted - this.#bytes;
    this.#bytes = counted;
    if (more !== 0) this.#room.count(more);
  }
}
