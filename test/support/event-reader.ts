/** Server-sent events as they come in, read without any help from the product (WHATWG HTML, 9.2.6). */

export interface ServerEvent {
  readonly id: string | undefined;
  readonly event: string | undefined;
  /** Undefined for an event that has no data line, as one with nothing but `retry`. */
  readonly data: string | undefined;
}

/** Takes chunks of a stream and returns the events that each completes. */
export class EventReader {
  readonly #decoder = new TextDecoder();
  #text = '';

  read(chunk: Uint8Array): ServerEvent[] {
    this.#text += this.#decoder.decode(chunk, { stream: true });
    const events: ServerEvent[] = [];
    for (;;) {
      const end = /\r\n\r\n|\n\n|\r\r/.exec(this.#text);
      if (end === null) return events;
      events.push(readEvent(this.#text.slice(0, end.index)));
      this.#text = this.#text.slice(end.index + end[0].length);
    }
  }
}

const readEvent = (block: string): ServerEvent => {
  const data: string[] = [];
  const fields: { id?: string; event?: string } = {};
  for (const line of block.split(/\r\n|\n|\r/)) {
    const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (name === 'data') data.push(value ?? '');
    if (name === 'id' || name === 'event') fields[name] = value ?? '';
  }
  return { id: fields.id, event: fields.event, data: data.length === 0 ? undefined : data.join('\n') };
};
