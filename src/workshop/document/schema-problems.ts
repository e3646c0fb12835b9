import type { ErrorObject } from 'ajv/dist/2020.js';
import type { Found, KeyPath } from '../../config/problem.ts';

/** What a JSON Schema validator found wrong with a document, in words, each with the place that it is about. */
export function schemaProblems(errors: readonly ErrorObject[]): readonly Found[] {
  return errors.filter(({ keyword }) => !wrappers.has(keyword)).map(explain);
}

/** These only say that something within them does not hold, which is told itself. */
const wrappers: ReadonlySet<string> = new Set(['if', 'anyOf', 'oneOf', 'propertyNames']);

function explain(error: ErrorObject): Found {
  const path = pathOf(error.instancePath);
  const params = error.params as Readonly<Record<string, unknown>>;
  if (error.propertyName !== undefined) {
    return { path: [...path, error.propertyName], at: 'key', message: 'is not a name that can stand here' };
  }
  switch (error.keyword) {
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const key = String(params['additionalProperty'] ?? params['unevaluatedProperty']);
      return { path: [...path, key], at: 'key', message: 'unknown key' };
    }
    case 'required':
      return { path: [...path, String(params['missingProperty'])], at: 'value', message: 'is missing' };
    case 'enum': {
      const allowed = (params['allowedValues'] as readonly unknown[]).map((one) => JSON.stringify(one));
      return { path, at: 'value', message: `must be one of ${allowed.join(', ')}` };
    }
    case 'const':
      return { path, at: 'value', message: `must be ${JSON.stringify(params['allowedValue'])}` };
    default:
      if (error.schemaPath.endsWith('/$defs/path/pattern'))
        return {
          path,
          at: 'value',
          message: 'must be a path within the folder: not absolute, without .. and \\',
        };
      return { path, at: 'value', message: error.message ?? `does not fit (${error.keyword})` };
  }
}

/** A JSON Pointer (RFC 6901) as keys and indexes. */
function pathOf(pointer: string): KeyPath {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}
