import type { BuiltinTable } from './types.ts';

/** What policies written for OPA's Envoy plugin use and the compiled module lacks, by name. */
export const compatBuiltins: BuiltinTable = {};
