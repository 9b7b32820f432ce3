/**
 * Forms of elicitations for clients of 2025-06-18, which know no choice of several values, titles of choices under
 * another name, and no defaults but of flags (MCP 2025-11-25, changelog; PrimitiveSchemaDefinition).
 */

import { elementsAt, type Members, membersAt, memberText } from '../../../json-members.ts';
import { isObject } from '../../../upstream/message.ts';
import { applyEdits, dropMembers, replaceMember, rewriteObject } from '../../splice.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/** A choice of several values, asked for as one flag for each. */
interface ManyOf {
  readonly name: string;
  readonly required: boolean;
  /** Name of the flag, and JSON text of the value that it stands for. */
  readonly flags: readonly { readonly name: string; readonly valueText: string }[];
}

export interface OlderForm {
  readonly schemaText: string;
  /** Turns the content of an answer into what the form asked for before it was changed. */
  readonly readContent: ((contentText: string) => string) | undefined;
}

const NOT_IN_FORM: ReadonlySet<string> = new Set(['$schema']);
const DEFAULT: ReadonlySet<string> = new Set(['default']);
const CHOICES: ReadonlySet<string> = new Set(['oneOf', 'default']);
const REQUIRED: ReadonlySet<string> = new Set(['required']);

/** Texts of the values of a list of `{const, title}`, and of their titles. */
const titledChoices = (text: string, start: number): { values: string[]; titles: string[] } => {
  const values: string[] = [];
  const titles: string[] = [];
  for (const [from] of elementsAt(text, start)) {
    const choice = membersAt(text, from);
    const value = memberText(text, choice, 'const') ?? '""';
    values.push(value);
    titles.push(memberText(text, choice, 'title') ?? value);
  }
  return { values, titles };
};

const singleChoice = (text: string, members: Members): string => {
  const { values, titles } = titledChoices(text, members.starts[members.keys.indexOf('oneOf')]!);
  return rewriteObject(text, CHOICES, [
    ['enum', `[${values.join(',')}]`],
    ['enumNames', `[${titles.join(',')}]`],
  ]);
};

const listedChoices = (
  text: string,
  members: Members,
): { values: string[]; titles: string[] } | undefined => {
  const items = members.starts[members.keys.indexOf('items')];
  if (items === undefined) return undefined;
  const own = membersAt(text, items);
  const titled = own.keys.indexOf('anyOf');
  if (titled >= 0) return titledChoices(text, own.starts[titled]!);
  const plain = own.keys.indexOf('enum');
  if (plain < 0) return undefined;
  const values = elementsAt(text, own.starts[plain]!).map(([from, end]) => text.slice(from, end));
  return { values, titles: values };
};

const bounds = ({ minItems, maxItems }: JsonObject): string => {
  const least = typeof minItems === 'number' ? `at least ${minItems}` : '';
  const most = typeof maxItems === 'number' ? `at most ${maxItems}` : '';
  const both = [least, most].filter((part) => part !== '').join(', ');
  return both === '' ? '' : `Choose ${both}.`;
};

const flagSchema = (schema: JsonObject, name: string, value: unknown, choice: string): string => {
  const said = typeof schema.description === 'string' ? schema.description : '';
  const description = [said, bounds(schema)].filter((part) => part !== '').join(' ');
  const title = `${typeof schema.title === 'string' ? schema.title : name}: ${choice}`;
  return JSON.stringify({
    type: 'boolean',
    title,
    ...(description === '' ? undefined : { description }),
    ...(Array.isArray(schema.default) ? { default: schema.default.includes(value) } : undefined),
  });
};

/** Makes the form piece by piece. */
class FormBuilder {
  readonly many: ManyOf[] = [];
  readonly #taken: Set<string>;
  readonly #required: readonly unknown[];

  constructor(properties: JsonObject, required: unknown) {
    this.#taken = new Set(Object.keys(properties));
    this.#required = Array.isArray(required) ? required : [];
  }

  /** Members of the new `properties` for one of the old; undefined if this revision cannot ask for it. */
  property(name: string, text: string, schema: unknown): string[] | undefined {
    if (!isObject(schema)) return undefined;
    const members = membersAt(text, 0);
    if (schema.type === 'array') return this.#flags(name, text, schema, members);
    let told = text;
    if (Array.isArray(schema.oneOf)) told = singleChoice(text, members);
    else if (schema.type !== 'boolean') told = applyEdits(text, dropMembers(members, DEFAULT));
    return [`${JSON.stringify(name)}:${told}`];
  }

  #flags(name: string, text: string, schema: JsonObject, members: Members): string[] | undefined {
    const choices = listedChoices(text, members);
    if (choices === undefined) return undefined;
    const flags = choices.values.map((valueText) => ({
      name: this.#freeName(`${name}.${String(JSON.parse(valueText))}`),
      valueText,
    }));
    this.many.push({ name, required: this.#required.includes(name), flags });
    return flags.map((flag, at) => {
      const choice = String(JSON.parse(choices.titles[at]!));
      const told = flagSchema(schema, name, JSON.parse(flag.valueText), choice);
      return `${JSON.stringify(flag.name)}:${told}`;
    });
  }

  #freeName(wanted: string): string {
    let name = wanted;
    while (this.#taken.has(name)) name += '_';
    this.#taken.add(name);
    return name;
  }
}

const readMany = (many: readonly ManyOf[], contentText: string): string => {
  const members = membersAt(contentText, 0);
  const flags = new Set(many.flatMap((each) => each.flags.map(({ name }) => name)));
  const chosen: [string, string][] = [];
  for (const { name, required, flags: own } of many) {
    if (!required && own.every((flag) => !members.keys.includes(flag.name))) continue;
    const values = own
      .filter((flag) => memberText(contentText, members, flag.name) === 'true')
      .map(({ valueText }) => valueText);
    chosen.push([name, `[${values.join(',')}]`]);
  }
  return rewriteObject(contentText, flags, chosen);
};

/** A form as 2025-06-18 has it; undefined for one that it cannot have. `schema` is `text` parsed. */
export const olderForm = (text: string, schema: unknown): OlderForm | undefined => {
  if (!isObject(schema) || !isObject(schema.properties)) return undefined;
  const root = membersAt(text, 0);
  const start = root.starts[root.keys.indexOf('properties')]!;
  const properties = membersAt(text, start);
  const builder = new FormBuilder(schema.properties, schema.required);
  const told: string[] = [];
  for (const [at, name] of properties.keys.entries()) {
    const own = text.slice(properties.starts[at], properties.ends[at]);
    const adapted = builder.property(name, own, schema.properties[name]);
    if (adapted === undefined) return undefined;
    told.push(...adapted);
  }
  const { many } = builder;
  const replaced = applyEdits(text, [replaceMember(root, 'properties', `{${told.join(',')}}`)!]);
  const schemaText = rewriteObject(replaced, NOT_IN_FORM, []);
  if (many.length === 0) return { schemaText, readContent: undefined };
  const gone = new Set<unknown>(many.map(({ name }) => name));
  const required = Array.isArray(schema.required) ? schema.required.filter((name) => !gone.has(name)) : [];
  return {
    schemaText: rewriteObject(schemaText, REQUIRED, [['required', JSON.stringify(required)]]),
    readContent: (contentText) => readMany(many, contentText),
  };
};
