/** What a session's client can be asked for, in the words of 2026-07-28. */
import type { Features } from '../../../schema/graph/server.ts';
import { isObject } from '../../upstream/message.ts';
import { SINCE } from '../revision.ts';

/** The one extension that is nothing but a matter of client and upstream: what is shown of a tool. */
const APPS = 'io.modelcontextprotocol/ui';

type Declared = Readonly<Record<string, unknown>>;

const only = (declared: Declared, names: readonly string[]): Declared =>
  Object.fromEntries(names.flatMap((name) => (isObject(declared[name]) ? [[name, declared[name]]] : [])));

/** `{}` is form mode alone; before 2025-11-25 there was no other. */
const elicitation = (declared: Declared, version: string): Declared => {
  const modes = version < SINCE.urlElicitation ? {} : only(declared, ['form', 'url']);
  return Object.keys(modes).length === 0 ? { form: {} } : modes;
};

const extensions = ({ extensions: declared }: Declared): Declared | undefined =>
  isObject(declared) && isObject(declared[APPS]) ? { [APPS]: declared[APPS] } : undefined;

/** Those of `capabilities` that the gateway can make good, under the ceiling of `features`; always in one order. */
export const modernCapabilities = (
  { version, capabilities }: { readonly version: string; readonly capabilities: Declared },
  features: Features,
): Declared => {
  const { elicitation: elicits, sampling, roots } = capabilities;
  const apps = extensions(capabilities);
  return {
    ...(features.elicitation && isObject(elicits) && version >= SINCE.elicitation
      ? { elicitation: elicitation(elicits, version) }
      : undefined),
    ...(features.sampling && isObject(sampling)
      ? { sampling: version < SINCE.samplingTools ? {} : only(sampling, ['context', 'tools']) }
      : undefined),
    ...(features.roots && isObject(roots) ? { roots: {} } : undefined),
    ...(apps === undefined ? undefined : { extensions: apps }),
  };
};
