/** `labels`: what policies may ask of a server, an upstream or a tool. */
import { type FieldOptions, textsBy } from './value.ts';

/** A map from labels to their values. */
export const labels = (options: FieldOptions) => textsBy('^[A-Za-z][A-Za-z0-9_-]{0,62}$', options);
