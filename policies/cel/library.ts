/** All that is used of the CEL library. */
import {
  CelScalar,
  celEnv,
  celError,
  celFunc,
  celMap,
  celMethod,
  isCelError,
  isCelList,
  isCelMap,
  isCelUint,
  objectType,
  parse,
  plan,
  unparse,
} from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';

export const library = {
  CelScalar,
  celEnv,
  celError,
  celFunc,
  celMap,
  celMethod,
  isCelError,
  isCelList,
  isCelMap,
  isCelUint,
  objectType,
  parse,
  plan,
  strings,
  unparse,
};
