/** A request in one line. */
import type { TracedCaller, TracedRequest, TracedTarget } from '../../policies/trace/request.ts';

const targetText = (target: TracedTarget): string => {
  switch (target.kind) {
    case 'tool':
      return `call of ${target.name}`;
    case 'prompt':
      return `prompt ${target.name}`;
    case 'resource':
      return `read of ${target.uri}`;
    case 'list':
      return `list of ${target.list}`;
  }
};

const callerText = (caller: TracedCaller): string => {
  switch (caller.kind) {
    case 'nobody':
      return 'by nobody in particular';
    case 'claims':
      return `by a caller of ${caller.identity}`;
    case 'key':
      return `with the key ${caller.id} of ${caller.identity}`;
    case 'principal':
      return `by ${caller.principal.key}`;
  }
};

/** Who asks for what, where, from where and when. */
export const requestText = ({ target, server, caller, from, nowMs }: TracedRequest): string => {
  const where = from === '' ? 'at the socket' : `from ${from}`;
  return `${targetText(target)} on ${server}, ${callerText(caller)}, ${where}, at ${new Date(nowMs).toISOString()}`;
};
