/** What a client can be asked for: elicitation, sampling, roots, and the modes of each. */
import { featureOf } from '../../../policies/features/features.ts';
import type { Features } from '../../../schema/graph/server.ts';
import { isObject } from '../../upstream/message.ts';

const NONE: Readonly<Record<string, unknown>> = Object.freeze({});

type Declared = Readonly<Record<string, Readonly<Record<string, object>>>>;

const flags = (capability: unknown, names: readonly string[]): Record<string, object> | undefined => {
  if (!isObject(capability)) return undefined;
  return Object.fromEntries(names.filter((name) => isObject(capability[name])).map((name) => [name, {}]));
};

/**
 * The capabilities under which a legacy session is opened for a client that declares `capabilities`, in canonical
 * form: equal texts for equal abilities, whatever else was declared and in which order. `elicitation: {}` means
 * form mode (MCP 2025-11-25, elicitation).
 */
export const declaredCapabilities = (capabilities: unknown): Declared => {
  const { elicitation, sampling, roots } = isObject(capabilities) ? capabilities : NONE;
  const modes = flags(elicitation, ['form', 'url']);
  const abilities = flags(sampling, ['context', 'tools']);
  const isPlain = modes !== undefined && Object.keys(modes).length === 0;
  return {
    ...(modes && { elicitation: isPlain ? { form: {} } : modes }),
    ...(abilities && { sampling: abilities }),
    ...(isObject(roots) && { roots: {} }),
  };
};

const ASKABLE: ReadonlySet<string> = new Set(['sampling/createMessage', 'elicitation/create', 'roots/list']);

/** Whether a client with these capabilities can be asked this, and the server's `features` let it be. */
export const canBeAsked = (
  capabilities: unknown,
  features: Features,
  method: string,
  params: Readonly<Record<string, unknown>>,
): boolean => {
  const feature = ASKABLE.has(method) ? featureOf(method) : undefined;
  if (feature === undefined || !features[feature]) return false;
  const declared = declaredCapabilities(capabilities)[feature];
  if (declared === undefined) return false;
  switch (method) {
    case 'elicitation/create':
      return Object.hasOwn(declared, params.mode === 'url' ? 'url' : 'form');
    case 'sampling/createMessage':
      return (params.tools === undefined && params.toolChoice === undefined) || declared.tools !== undefined;
    default:
      return true;
  }
};
