import type { Decision } from '../../decision/types.ts';
import { plain, table, type Cell, type Paint } from '../output.ts';
import type { RowResult } from './ask.ts';
import type { DemoRow } from './rows.ts';

/** The demo's table, one line a connection; what did not come out as expected is said under it. */
export function demoTable(results: readonly RowResult[], paint: Paint): string {
  const head = ['OUTCOME', 'CONNECTION', 'DEVICE', 'ASSURANCE', 'MS', 'REASON', 'IN WORDS'];
  const rows = results.map(({ row, decision, milliseconds }): readonly Cell[] => [
    { text: decision.outcome, tone: decision.outcome === 'allow' ? 'good' : 'bad' },
    row.title,
    shorten(decision.device_id ?? '-', 22),
    decision.assurance,
    milliseconds.toFixed(1),
    decision.reasons[0]?.code ?? '-',
    inWords(row, decision),
  ]);
  const surprises = results
    .filter((result) => !result.asExpected)
    .map(({ row, decision }) => {
      const got = `${decision.outcome} with ${decision.reasons[0]?.code ?? 'no reason'}`;
      return `not as expected: ${row.title}: ${got}, expected ${row.outcome} with ${row.reason}\n`;
    });
  return `${table(head, rows, paint)}${surprises.map((line) => paint('warn', line)).join('')}`;
}

/** The primary reason's text, with what the row wants told beside it. */
function inWords({ told = [] }: DemoRow, { reasons: [primary] }: Decision): string {
  if (!primary) return '-';
  const values = told.flatMap((name) => {
    const value = primary.detail?.[name];
    return value === undefined ? [] : [`${name}: ${plain(String(value))}`];
  });
  return values.length === 0 ? primary.message : `${primary.message} (${values.join(', ')})`;
}

/** What a visitor can do next, with commands that work as they stand. */
export function whatNext(
  addresses: { readonly grpc: string; readonly admin: string },
  folder: string,
): string {
  const config = folder === '.portreeve' ? '' : ` --config ${folder}/portreeve.yaml`;
  return `
Listening: gRPC on ${addresses.grpc} (ext_authz v3 and portreeve.v1), admin on http://${addresses.admin}
Try, in another terminal:
  bin/portreeve decide --request ${folder}/requests/revoked.json${config}
  bin/portreeve device set-status MTR-0001 quarantined --why "looks odd"${config}
  bin/portreeve decide --request ${folder}/requests/active-meter.json${config}
  bin/portreeve device set-status MTR-0001 active --why "all clear"${config}
  bin/portreeve hold list${config}
  bin/portreeve device why RIG-0001 --tenant rig-7${config}
  bin/portreeve crl status${config}
  curl -s http://${addresses.admin}/status
Further decisions appear below, one a line. Ctrl-C drains and ends.
`;
}

function shorten(text: string, width: number): string {
  const safe = plain(text);
  return safe.length <= width ? safe : `…${safe.slice(safe.length - width + 1)}`;
}
