/** GW0xxx: the file as text and as YAML. */
import { counted, entry } from '../entry.ts';

export const SYNTAX = {
  GW0001: entry<{ path: string; why: string | undefined }>({
    severity: 'error',
    title: 'File cannot be read',
    message: ({ path, why }) => `\`${path}\` cannot be read${why === undefined ? '' : `: ${why}`}`,
    help: ({ why }) => (why === undefined ? ['does it exist, and may this process read it?'] : []),
  }),
  GW0002: entry<{ path: string }>({
    severity: 'error',
    title: 'Empty file',
    message: ({ path }) => `\`${path}\` is empty`,
    help: () => ['the smallest configuration has `version`, `listeners`, `servers` and `upstreams`'],
  }),
  GW0003: entry<{ path: string }>({
    severity: 'error',
    title: 'Nothing but blanks and comments',
    message: ({ path }) => `\`${path}\` holds nothing but blanks and comments`,
    help: () => ['the smallest configuration has `version`, `listeners`, `servers` and `upstreams`'],
  }),
  GW0004: entry<{ open: string }>({
    severity: 'error',
    title: 'File ends too early',
    message: ({ open }) => `the file ends before ${open} is closed`,
    label: () => 'the file ends here',
    help: ({ open }) => [`close ${open}; or was the file cut off while it was written or copied?`],
  }),
  GW0005: entry<{ byte: string; offset: number; encoding: string | undefined }>({
    severity: 'error',
    title: 'Not UTF-8',
    message: ({ byte, offset }) => `the file is not UTF-8: byte ${byte} at offset ${offset}`,
    label: () => 'the text before this is readable',
    help: ({ encoding }) => [encoding ? `it looks like ${encoding}; save it as UTF-8` : 'save it as UTF-8'],
  }),
  GW0006: entry<{ found: string }>({
    severity: 'error',
    title: 'Not a mapping',
    message: ({ found }) => `the file must be a mapping, not ${found}`,
    help: () => ['start with `version: 1`, then sections such as `listeners:` and `upstreams:`'],
  }),
  GW0007: entry<object>({
    severity: 'error',
    title: 'More than one document',
    message: () => 'the file holds more than one YAML document',
    label: () => 'a second document starts here',
    help: () => ['keep one document per file and remove the `---`'],
  }),
  GW0008: entry<{ problem: string; help: string | undefined }>({
    severity: 'error',
    title: 'Not YAML',
    message: ({ problem }) => problem,
    help: ({ help }) => [help],
  }),
  GW0009: entry<{ key: string }>({
    severity: 'error',
    title: 'Key given twice',
    message: ({ key }) => `the key \`${key}\` is given twice`,
    label: () => 'given again here',
    help: () => ['remove one of the two, or join what they hold'],
  }),
  GW0010: entry<object>({
    severity: 'error',
    title: 'Merge key',
    message: () => 'merge keys are not part of the language',
    help: () => ['write the keys out; an alias (`*name`) may still stand for a whole value'],
    note: () => ['`<<` was left out of YAML 1.2; parsers disagree on what it does'],
  }),
  GW0011: entry<{ written: string; meant: string; due: 'flag' | 'number' | 'text'; reading: string }>({
    severity: 'error',
    title: 'Reads differently in YAML 1.1',
    message: ({ written }) => `\`${written}\` does not mean the same to every YAML parser`,
    label: ({ due }) =>
      ({ flag: 'true or false is due', number: 'a number is due', text: 'a text is due' })[due],
    help: ({ meant }) => [`write \`${meant}\``],
    note: ({ written, reading }) => [`YAML 1.1 reads \`${written}\` as ${reading}, YAML 1.2 does not`],
  }),
  GW0012: entry<{ reference: string; quoted: string }>({
    severity: 'error',
    title: 'Unquoted reference inside `{ }` or `[ ]`',
    message: ({ reference }) => `\`${reference}\` needs quotes here`,
    help: ({ quoted }) => [`write \`${quoted}\``],
    note: () => ['inside `{ }` and `[ ]` YAML takes an unquoted `{` for the start of a mapping'],
  }),
  GW0013: entry<{ lines: number }>({
    severity: 'error',
    title: 'Tab in the indentation',
    message: ({ lines }) =>
      lines === 1
        ? 'this line is indented with a tab'
        : `this line and the ${lines - 1 === 1 ? 'next' : `${lines - 1} below it`} are indented with tabs`,
    help: () => ['indent with spaces; YAML has no tabs there'],
  }),
  GW0014: entry<{ problem: string; quoted?: string | undefined }>({
    severity: 'error',
    title: 'Alias that cannot be followed',
    message: ({ problem }) => problem,
    help: ({ quoted }) => [
      quoted === undefined ? undefined : `write \`${quoted}\` if a text was meant`,
      'an alias `*name` stands for a value that was marked `&name` above it',
    ],
  }),
  GW0015: entry<{ tag: string }>({
    severity: 'error',
    title: 'Tag',
    message: ({ tag }) => `the tag \`${tag}\` means nothing here`,
    help: () => ['remove it: the schema says what type each value has'],
  }),
  GW0016: entry<{ found: string; quoted: string | undefined }>({
    severity: 'error',
    title: 'Key that is not a text',
    message: ({ found }) => `a key must be a text, not ${found}`,
    help: ({ quoted }) => [quoted ? `write \`${quoted}\`` : 'write a text before the `:`'],
  }),
  GW0017: entry<{ version: string }>({
    severity: 'error',
    title: 'Other version of YAML',
    message: ({ version }) => `the file asks for YAML ${version}`,
    help: () => ['remove the directive: the language is YAML 1.2'],
  }),
  GW0018: entry<{ what: string; limit: number; unit: string }>({
    severity: 'error',
    title: 'Too large',
    message: ({ what, limit, unit }) => `${what} exceeds ${counted(limit, unit)}`,
  }),
  GW0019: entry<object>({
    severity: 'error',
    title: 'Not JSON',
    message: () => 'this is not JSON',
    help: () => ['is a comma, a quote or a bracket missing, or one too many?'],
  }),
  GW0020: entry<{ key: string }>({
    severity: 'error',
    title: 'Reference in a key',
    message: ({ key }) => `references are not resolved in keys: \`${key}\``,
    help: () => ['write the key itself'],
  }),
  GW0021: entry<{ template: string }>({
    severity: 'error',
    title: 'Template',
    message: ({ template }) => `\`${template}\` is a template that nothing fills in here`,
    help: () => [
      'render the file first, such as by `helm template`; or write `${env:NAME}` for what differs from place to place',
    ],
  }),
  GW0022: entry<object>({
    severity: 'error',
    title: 'Merge conflict',
    message: () => 'the file holds a merge conflict',
    label: () => 'one side starts here',
    help: () => ['keep what shall hold of both sides, and remove the three lines of signs'],
  }),
  GW0023: entry<{ name: string }>({
    severity: 'error',
    title: 'Blank that is no space',
    message: ({ name }) => `${name} stands where YAML needs a space`,
    help: () => ['replace it by a space'],
    note: () => ['it looks like a space; web pages and word processors put it in'],
  }),
  GW0024: entry<{ written: string; meant: string }>({
    severity: 'error',
    title: 'Typographic quotes',
    message: ({ written }) => `\`${written}\` are letters to YAML, not quotes`,
    help: ({ meant }) => [`write \`${meant}\``],
    note: () => ['word processors and chats put them in'],
  }),
  GW0030: entry<{ path: string; by: readonly string[] }>({
    severity: 'error',
    title: 'Files that include each other',
    message: ({ path, by }) =>
      by.length === 0
        ? `\`${path}\` includes itself`
        : `\`${path}\` includes itself by way of ${by.map((step) => `\`${step}\``).join(', ')}`,
    help: () => ['remove one of the inclusions'],
  }),
  GW0031: entry<{ text: string; problem: string }>({
    severity: 'error',
    title: 'File that cannot be included',
    message: ({ text, problem }) => `\`${text}\` cannot be included: ${problem}`,
    help: () => ['name a file below the folder of the main file, such as `./gateway.d/*.yaml`'],
  }),
  GW0032: entry<{ glob: string }>({
    severity: 'warning',
    title: 'Nothing to include',
    message: ({ glob }) => `\`${glob}\` matches no file`,
    note: () => ['`*` stands for any part of one name; names that begin with a dot are passed over'],
  }),
  GW0033: entry<{ key: string }>({
    severity: 'error',
    title: 'Given in two files',
    message: ({ key }) => `\`${key}\` is given in two files`,
    label: () => 'given again here',
    help: () => ['remove or rename one of the two', 'to change what another file gives, use an overlay'],
  }),
};
