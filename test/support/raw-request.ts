/** One HTTP/1.1 request on a connection of its own, with every header as the test wants it. */
import http from 'node:http';
import https from 'node:https';

export interface RawRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
  /** The source address: any of 127.0.0.0/8 is the machine's own. */
  readonly from?: string;
  /** PEM certificates that an https server is checked against. */
  readonly ca?: string;
  /** The request target, where it is not the URL's path. */
  readonly target?: string;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

/** Sends it and reads the whole answer. Rejects if the connection is refused or closed before an answer. */
export const rawRequest = (url: string, options: RawRequest = {}): Promise<RawAnswer> => {
  const { method = 'GET', headers = {}, body, from, ca, target } = options;
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const client = url.startsWith('https:') ? https : http;
  const request = client.request(url, {
    method,
    headers: headers as http.OutgoingHttpHeaders,
    agent: false,
    ...(from === undefined ? {} : { localAddress: from }),
    ...(ca === undefined ? {} : { ca }),
    ...(target === undefined ? {} : { path: target }),
  });
  request.on('error', reject);
  request.on('response', (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    response.on('error', reject);
    response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
  });
  request.end(body);
  return promise;
};
