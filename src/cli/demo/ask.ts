import { createDecisionClient, type DecisionClient } from '../../api/decision-service/client.ts';
import { decodeDecideRequestJson } from '../../api/proto3-json.ts';
import type { Decision } from '../../decision/types.ts';
import type { Clock } from '../../lib/clock.ts';
import { PortreeveError } from '../../lib/errors.ts';
import type { DemoRow } from './rows.ts';

/** What a row's question came to. */
export interface RowResult {
  readonly row: DemoRow;
  readonly decision: Decision;
  /** Time of the whole call, as the asking side sees it. */
  readonly milliseconds: number;
  readonly asExpected: boolean;
}

/**
 * Asks about every row over gRPC, one after the other. `addresses` by listener. Throws PDP_INTERNAL where the server does
 * not answer.
 */
export async function askRows(
  addresses: ReadonlyMap<string, string>,
  rows: readonly DemoRow[],
  clock: Clock,
): Promise<readonly RowResult[]> {
  const clients = new Map<string, DecisionClient>();
  const clientOf = (listener: string): DecisionClient => {
    const address = addresses.get(listener);
    if (address === undefined) throw new PortreeveError('PDP_INTERNAL', `there is no listener ${listener}`);
    const client = clients.get(listener) ?? createDecisionClient(address, { timeoutMs: 5000 });
    clients.set(listener, client);
    return client;
  };
  const ask = ({ request, listener = 'local' }: DemoRow): Promise<Decision> =>
    clientOf(listener).decide(decodeDecideRequestJson(request));
  try {
    // The first call of each listener pays for the connection; it is no row of the table.
    const first = new Map(rows.toReversed().map((row) => [row.listener, row]));
    for (const row of first.values()) await ask(row);
    const results: RowResult[] = [];
    for (const row of rows) {
      const started = clock.monotonic();
      const decision = await ask(row);
      results.push({
        row,
        decision,
        milliseconds: clock.monotonic() - started,
        asExpected: isExpected(row, decision),
      });
    }
    return results;
  } finally {
    for (const client of clients.values()) client.close();
  }
}

function isExpected(row: DemoRow, decision: Decision): boolean {
  const [primary] = decision.reasons;
  return (
    decision.outcome === row.outcome &&
    primary?.code === row.reason &&
    (row.told ?? []).every((name) => primary.detail?.[name] !== undefined) &&
    decision.enforced &&
    decision.faults.length === 0 &&
    (row.assurance === undefined || decision.assurance === row.assurance)
  );
}
