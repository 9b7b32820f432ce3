/**
 * `npm run base -- news [<index>]`: whether a later Node.js of the same major version is out than the one of images.
 * Prints its version; exit code 1 if there is one, 3 if that cannot be known.
 *
 * `npm run base -- pin [<file>]`: pins Node.js and its libraries as they are here, for `npm run rootfs`.
 */
import { newsSince, RELEASES } from './base/news.ts';
import { partsHere } from './base/parts.ts';
import { BASE_FILE, pin, readBase } from './base/pin.ts';

const news = async (index = RELEASES): Promise<number> => {
  const { node } = readBase(BASE_FILE);
  try {
    const found = await newsSince(node, index);
    if (found === undefined) {
      console.error(`Node.js ${node} is the latest of its major version`);
      return 0;
    }
    console.error(
      `Node.js ${node} is pinned${found.security ? ', and since then what is insecure was mended' : ''}`,
    );
    console.log(found.latest);
    return 1;
  } catch (error) {
    console.error(`error: ${(error as Error).message}`);
    return 3;
  }
};

const [word, argument, ...rest] = process.argv.slice(2);
if (word === 'news' && rest.length === 0) process.exitCode = await news(argument);
else if (word === 'pin' && rest.length === 0) pin(argument ?? BASE_FILE, partsHere());
else {
  console.error('usage: npm run base -- news [<index>] | pin [<file>]');
  process.exitCode = 2;
}
