import { jsonString, plainText } from './safe-text.ts';

const shown = (value: unknown): string => {
  if (typeof value === 'string') return plainText(value);
  const text = JSON.stringify(value);
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
};

/** A log line in JSON as one line for people: time of day, level, message, fields. */
export const prettyLine = (json: string): string => {
  const { time, level, msg, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const message = jsonString(String(msg ?? '')).slice(1, -1);
  const rest = Object.entries(fields).map(([name, value]) => ` ${plainText(name)}=${shown(value)}`);
  return `${String(time).slice(11, 23)} ${String(level).toUpperCase().padEnd(5)} ${message}${rest.join('')}\n`;
};
