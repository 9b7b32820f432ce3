/** The servers behind a listener of TLS: of handshakes, and of HTTP/2 where that is spoken. */
import { constants } from 'node:crypto';
import http2 from 'node:http2';
import tls from 'node:tls';
import type { ListenerNode } from '../../schema/graph/listener.ts';

const MAX_CONCURRENT_STREAMS = 256;

/** Streams that a client may reset at once, and then per second; with more its connection ends (CVE-2023-44487). */
export const RESET_BURST = 100;
export const RESETS_PER_SECOND = 33;

type TlsNode = NonNullable<ListenerNode['tls']>;

/** A listener's TLS settings, as `tls` has them. */
export const secureContextOptions = (node: TlsNode) => ({
  cert: node.certificate,
  key: node.key,
  minVersion: node.minVersion === '1.3' ? ('TLSv1.3' as const) : ('TLSv1.2' as const),
  // Nobody needs it, HTTP/2 forbids it (RFC 9113, 9.2.1), and a client may make work with it.
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
});

/** Does handshakes on sockets that it is handed, and tells which protocol was agreed on. It never listens. */
export const createTlsServer = (node: ListenerNode, material: TlsNode): tls.Server =>
  tls.createServer({
    ...secureContextOptions(material),
    handshakeTimeout: node.connections.headerTimeoutMs,
    // What comes first is chosen.
    ALPNProtocols: ['h2', 'http/1.1'].filter((each) => node.http.some((spoken) => spoken === each)),
    noDelay: true,
  });

/** Serves HTTP/2 on sockets whose handshake is done. */
export const createHttp2Server = (node: ListenerNode): http2.Http2Server =>
  http2.createServer({
    streamResetBurst: RESET_BURST,
    streamResetRate: RESETS_PER_SECOND,
    settings: {
      enablePush: false,
      maxConcurrentStreams: MAX_CONCURRENT_STREAMS,
      maxHeaderListSize: node.sizes.headerBytes,
    },
  });
