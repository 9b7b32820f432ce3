import type { ClientOptions } from '../../../../runtime/upstream/client/client.ts';

/** Of names, each of which stands for an attempt to connect. */
export class Lookups {
  count = 0;
  error: Error | undefined = new Error('no such name');

  readonly lookup: NonNullable<ClientOptions['lookup']> = (_name, _options, callback) => {
    this.count += 1;
    setImmediate(() => callback(this.error as Error, [{ address: '127.0.0.1', family: 4 }]));
  };
}

/** `url` by a name that is looked up. */
export const named = (url: URL): URL => new URL(`http://upstream.test:${url.port}/`);
