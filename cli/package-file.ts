/** Files that come with the package: pages, schema, manifest. */
import { fileURLToPath } from 'node:url';

/**
 * The absolute path of a file of this package. Sources and the bundle both lie one folder below its root, so the
 * same step up is right for both.
 */
export const packageFile = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
