/**
 * The CEL library, which takes three megabytes and tens of milliseconds to be made ready. What is built does that when
 * it is asked for first (scripts/late.ts): before a call where anything is declared that has an expression.
 */
import { library } from './library.ts';

export const celLibrary = (): typeof library => library;
