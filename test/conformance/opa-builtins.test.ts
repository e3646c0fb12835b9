import { certificateTable } from '../helpers/builtin-tables/certificates.ts';
import { collectionTable } from '../helpers/builtin-tables/collections.ts';
import { expressionTable } from '../helpers/builtin-tables/expressions.ts';
import { sprintfTable } from '../helpers/builtin-tables/sprintf.ts';
import { stringTable } from '../helpers/builtin-tables/strings.ts';
import type { CallTable } from '../helpers/builtin-tables/table.ts';
import { timeTable } from '../helpers/builtin-tables/times.ts';
import { tokenTable } from '../helpers/builtin-tables/tokens.ts';
import { yamlTable } from '../helpers/builtin-tables/yaml.ts';
import { compareWithOpa } from '../helpers/opa-differential.ts';
import { opa, withOpa } from '../helpers/policies.ts';

const factor = Number(process.env.SOAK_FACTOR ?? 1);
const now = 1_700_000_000_000;

/** Formatting alone has 14,000 combinations, tokens 10,000 with their keys: of long lists some, all with SOAK_FACTOR. */
function thinned(table: CallTable, most: number): CallTable {
  if (factor > 1) return table;
  return table.map(([expression, calls]) => {
    const step = Math.ceil(calls.length / most);
    return [expression, calls.filter((_, index) => index % step === 0)] as const;
  });
}

const table = [
  ...thinned(sprintfTable, 3000),
  ...[stringTable, expressionTable, collectionTable, timeTable, yamlTable].flatMap((one) =>
    thinned(one, 500),
  ),
  ...thinned(tokenTable, 60),
  ...certificateTable(),
];

withOpa('every built-in that is supplied gives what opa gives, or is undefined where opa is', async (t) => {
  const compared = await compareWithOpa(opa.path, table, now);
  t.true(compared.length > 5000);
  t.log(
    `${compared.length} calls, ${compared.filter(({ opa: theirs }) => theirs !== undefined).length} defined`,
  );
  const different = compared.filter(({ opa: theirs, ours }) => theirs !== ours);
  t.deepEqual(different.slice(0, 20), []);
});
