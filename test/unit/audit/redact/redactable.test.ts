import test from 'ava';
import { readFileSync } from 'node:fs';
import { redactedPath } from '../../../../src/config/redacted-path.ts';

const schema = JSON.parse(
  readFileSync(new URL('../../../../src/audit/record.schema.json', import.meta.url), 'utf8'),
) as { readonly properties: Readonly<Record<string, unknown>> };

const problemOf = (name: string): string | undefined => {
  const read = redactedPath(name);
  return 'problem' in read ? read.problem : undefined;
};

test('every member of a record can be hidden, or is refused because it is always in clear', (t) => {
  for (const name of Object.keys(schema.properties)) {
    const problem = problemOf(name);
    t.true(
      problem === undefined || problem.includes('in clear in every record'),
      `${name}: ${problem ?? ''}`,
    );
  }
});

test('a path that no record has is refused, as it would hide nothing without a word', (t) => {
  t.is(problemOf('devise_id'), 'records have no member devise_id');
  t.is(problemOf('/fact/connection'), 'records have no member fact');
});

test('identifiers of traces are in clear: a commitment does not fit where they stand', (t) => {
  t.regex(problemOf('trace_id') ?? '', /in clear/);
  t.regex(problemOf('span_id') ?? '', /in clear/);
});
