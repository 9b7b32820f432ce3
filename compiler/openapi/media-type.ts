/** Media types of bodies: which of several is used. */
import { entriesOf } from './document.ts';

/** `application/json`, or a type with the suffix `+json` (RFC 6839). */
export const isJsonType = (mediaType: string): boolean =>
  /^application\/json\b|^[^;]+\+json\b/i.test(mediaType);

const RANKED: readonly ((mediaType: string) => boolean)[] = [
  isJsonType,
  (mediaType) => /^application\/x-www-form-urlencoded\b/i.test(mediaType),
  (mediaType) => /^multipart\/form-data\b/i.test(mediaType),
  (mediaType) => /^text\/|[/+]xml\b/i.test(mediaType),
  () => true,
];

/** What can be sent as a header's value. */
const isSendable = (mediaType: string): boolean => /^[!-~]+\/[ -~]+$/.test(mediaType);

/** The entry of a `content` object that is used: JSON before forms before text before the rest. */
export const chooseContent = (content: unknown): readonly [mediaType: string, value: unknown] | undefined => {
  const entries = entriesOf(content).filter(([mediaType]) => isSendable(mediaType));
  for (const fits of RANKED) {
    const found = entries.find(([mediaType]) => fits(mediaType));
    if (found) return found;
  }
  return undefined;
};

/** How a body of a media type is made from an argument. */
export const encodingOf = (mediaType: string): 'json' | 'form' | 'multipart' | 'text' | 'base64' =>
  (['json', 'form', 'multipart', 'text', 'base64'] as const)[RANKED.findIndex((fits) => fits(mediaType))]!;

/** A range such as `image/*` is nothing to send. */
export const concrete = (mediaType: string): string =>
  mediaType.includes('*') ? 'application/octet-stream' : mediaType;
