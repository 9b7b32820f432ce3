/** Every code there is, with its words. Codes are never reused. */
import { ARTIFACT } from './catalogue/artifact.ts';
import { ENVIRONMENT } from './catalogue/environment.ts';
import { EXPRESSIONS } from './catalogue/expressions.ts';
import { FIT } from './catalogue/fit.ts';
import { LOCK } from './catalogue/lock.ts';
import { OPENAPI } from './catalogue/openapi.ts';
import { POSTURE } from './catalogue/posture.ts';
import { REFERENCES } from './catalogue/references.ts';
import { SHAPE } from './catalogue/shape.ts';
import { SYNTAX } from './catalogue/syntax.ts';
import { TESTS } from './catalogue/tests.ts';
import { TRAFFIC } from './catalogue/traffic.ts';
import { VALUES } from './catalogue/values.ts';

export const CATALOGUE = {
  ...SYNTAX,
  ...SHAPE,
  ...TESTS,
  ...REFERENCES,
  ...VALUES,
  ...EXPRESSIONS,
  ...FIT,
  ...TRAFFIC,
  ...OPENAPI,
  ...POSTURE,
  ...ENVIRONMENT,
  ...LOCK,
  ...ARTIFACT,
};

export type Code = keyof typeof CATALOGUE;

/** The data that a finding of a code is reported with. */
export type DataOf<C extends Code> = Parameters<(typeof CATALOGUE)[C]['message']>[0];
