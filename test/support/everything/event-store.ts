import type { EventId, EventStore, JSONRPCMessage, StreamId } from '@modelcontextprotocol/server';

interface StoredEvent {
  readonly streamId: StreamId;
  readonly message: JSONRPCMessage;
}

/** Keeps every event of one session in memory, so that a client can resume any of its streams. */
export function createEventStore(): EventStore {
  const events = new Map<EventId, StoredEvent>();
  return {
    async storeEvent(streamId, message) {
      const eventId = `${streamId}_${events.size}`;
      events.set(eventId, { streamId, message });
      return eventId;
    },
    async getStreamIdForEventId(eventId) {
      return events.get(eventId)?.streamId;
    },
    async replayEventsAfter(lastEventId, { send }) {
      const streamId = events.get(lastEventId)?.streamId;
      if (streamId === undefined) throw new Error('unknown event id');
      let passed = false;
      for (const [eventId, event] of events) {
        // A priming event is stored as an empty object: it is a position, not a message.
        if (passed && event.streamId === streamId && 'jsonrpc' in event.message) {
          await send(eventId, event.message);
        }
        passed ||= eventId === lastEventId;
      }
      return streamId;
    },
  };
}
