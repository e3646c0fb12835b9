import { chanceBuiltins } from './chance.ts';
import { collectionBuiltins } from './collections.ts';
import { encodingBuiltins } from './encodings.ts';
import { expressionBuiltins } from './expressions.ts';
import { hashBuiltins } from './hashes.ts';
import { jwtBuiltins } from './jwt/jwt.ts';
import { networkBuiltins } from './networks.ts';
import { sprintfBuiltins } from './sprintf/sprintf.ts';
import { stringBuiltins } from './strings.ts';
import { timeBuiltins } from './time/time.ts';
import type { BuiltinTable } from './types.ts';
import { urlBuiltins } from './url.ts';
import { unitBuiltins } from './units.ts';
import { objectOf } from './compare.ts';
import { versionBuiltins } from './versions.ts';
import { certificateBuiltins } from './x509/certificates.ts';
import { yamlBuiltins } from './yaml/yaml.ts';

/** What policies written for OPA's Envoy plugin use and the compiled module lacks, by name. */
export const compatBuiltins: BuiltinTable = {
  ...sprintfBuiltins,
  ...stringBuiltins,
  ...encodingBuiltins,
  ...hashBuiltins,
  ...expressionBuiltins,
  ...networkBuiltins,
  ...collectionBuiltins,
  ...versionBuiltins,
  ...unitBuiltins,
  ...chanceBuiltins,
  ...timeBuiltins,
  ...jwtBuiltins,
  ...certificateBuiltins,
  ...urlBuiltins,
  ...yamlBuiltins,
  // There is nothing of the process that a policy may read, and nobody who reads notes of an evaluation.
  'opa.runtime': () => objectOf([]),
  trace: () => true,
};
