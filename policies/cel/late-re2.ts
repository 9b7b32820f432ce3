/** The engine of regular expressions, made ready when it is asked for first, as the CEL library is. */
import { RE2JS } from '@bufbuild/re2';

export const re2 = (): typeof RE2JS => RE2JS;
