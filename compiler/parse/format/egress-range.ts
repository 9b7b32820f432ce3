/** Where connections may go: a range of addresses, or the word for those of the public internet. */
import { checkCidr } from './cidr.ts';
import type { FormatCheck } from './format.ts';

export const checkEgressRange: FormatCheck = (input) => input.text === 'public' || checkCidr(input);
