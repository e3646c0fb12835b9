import type { Config } from '../../config/types.ts';
import { sha256Hex } from '../../lib/bytes.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { program } from '../program.ts';

/** What a self-test was passed under (SHA-256, hex): another program, or other data, is worth another test. */
export function testedUnder({ classes, policy }: Pick<Config, 'classes' | 'policy'>): string {
  const {
    bundle: _bundle,
    sources: _sources,
    signed_by: _keys,
    max_age: _age,
    grace: _grace,
    keep: _keep,
    shadow: _shadow,
    ...how
  } = policy;
  return sha256Hex(canonicalJson({ program, classes, how }));
}
