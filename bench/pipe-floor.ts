/**
 * A process of its own: what any gateway of Node.js pays before a program over pipes. node:http in front, bodies
 * buffered, one line a message, and nothing else. Calls come as they do to a gateway: in any revision and any session,
 * or over HTTP+SSE (2024-11-05). Arguments: the program's command. Prints its port.
 */
import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { ENDPOINT_PATH } from './call.ts';

const LF = 10;
const JSON_TYPE = ['content-type', 'application/json'] as const;
const [command = process.execPath, ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
process.on('exit', () => child.kill());
process.on('SIGTERM', () => process.exit());

type OnLine = (line: Buffer) => void;

/** Several callers have the same ids: the program answers each id in the order of its calls. */
const waiting = new Map<string, OnLine[]>();
const ID = /"id":(\d+)/;

const take: OnLine = (line) => {
  const id = ID.exec(line.toString('latin1', 0, 40))?.[1] ?? '';
  waiting.get(id)?.shift()?.(line);
};

let rest: Buffer = Buffer.alloc(0);
child.stdout.on('data', (chunk: Buffer) => {
  const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
  let start = 0;
  for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, start)) {
    take(bytes.subarray(start, end));
    start = end + 1;
  }
  rest = bytes.subarray(start);
});

/** Lines of one turn go out together. */
let unsent = '';
const send = (): void => {
  child.stdin.write(unsent);
  unsent = '';
};

/** Whether an answer will come. */
const tell = (body: string, onLine: OnLine): boolean => {
  const id = ID.exec(body)?.[1];
  if (unsent === '') setImmediate(send);
  unsent += `${body}\n`;
  if (id === undefined) return false;
  const known = waiting.get(id);
  if (known === undefined) waiting.set(id, [onLine]);
  else known.push(onLine);
  return true;
};

const SESSION = ['mcp-session-id', 'floor'] as const;

const answer = (body: string, response: ServerResponse): void => {
  const awaits = tell(body, (line) => {
    response.writeHead(200, [...JSON_TYPE, ...SESSION, 'content-length', String(line.length)]);
    response.end(line);
  });
  if (!awaits) response.writeHead(202, [...SESSION]).end();
};

const streams: ServerResponse[] = [];

const openStream = (response: ServerResponse): void => {
  response.writeHead(200, ['content-type', 'text/event-stream']);
  response.write(`event: endpoint\ndata: ${ENDPOINT_PATH}?${streams.push(response) - 1}\n\n`);
};

const answerOnStream = (body: string, stream: ServerResponse, response: ServerResponse): void => {
  response.writeHead(202, ['content-length', '8']).end('Accepted');
  tell(body, (line) => stream.write(`event: message\ndata: ${line.toString('latin1')}\n\n`, 'latin1'));
};

const serve = (request: IncomingMessage, response: ServerResponse): void => {
  if (request.method === 'GET') {
    openStream(response);
    return;
  }
  const stream = streams[Number(request.url?.split('?')[1] ?? Number.NaN)];
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString();
    if (stream === undefined) answer(body, response);
    else answerOnStream(body, stream, response);
  });
};

const server = createServer(serve);
server.listen(0, '127.0.0.1', 1024, () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') console.log(address.port);
});
