import { createDecisionClient, type DecisionClient } from '../../api/decision-service/client.ts';
import { decodeDecideRequestJson } from '../../api/proto3-json.ts';
import type { Decision } from '../../decision/types.ts';
import type { Clock } from '../../lib/clock.ts';
import type { DemoRow } from './rows.ts';

/** What a row's question came to. */
export interface RowResult {
  readonly row: DemoRow;
  readonly decision: Decision;
  /** Time of the whole call, as the asking side sees it. */
  readonly milliseconds: number;
  readonly asExpected: boolean;
}

/** Asks about every row over gRPC, one after the other. Throws PDP_INTERNAL where the server does not answer. */
export async function askRows(
  address: string,
  rows: readonly DemoRow[],
  clock: Clock,
): Promise<readonly RowResult[]> {
  const client = createDecisionClient(address, { timeoutMs: 5000 });
  try {
    // The first call pays for the connection; it is no row of the table.
    await ask(client, rows[0] as DemoRow);
    const results: RowResult[] = [];
    for (const row of rows) {
      const started = clock.monotonic();
      const decision = await ask(client, row);
      results.push({
        row,
        decision,
        milliseconds: clock.monotonic() - started,
        asExpected: isExpected(row, decision),
      });
    }
    return results;
  } finally {
    client.close();
  }
}

function ask(client: DecisionClient, row: DemoRow): Promise<Decision> {
  return client.decide(decodeDecideRequestJson(row.request));
}

function isExpected(row: DemoRow, decision: Decision): boolean {
  return (
    decision.outcome === row.outcome &&
    decision.reasons[0]?.code === row.reason &&
    decision.enforced &&
    decision.faults.length === 0 &&
    (row.assurance === undefined || decision.assurance === row.assurance)
  );
}
