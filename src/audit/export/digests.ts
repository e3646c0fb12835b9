/** Digests that stand in a record's `versions`, and what an act was about. */
const digest = /^[0-9a-f]{64}$/;

/**
 * Adds what a record names by its SHA-256: of a decision all of `versions`, of an act what it brought into force. What is
 * no record names nothing.
 */
export function digestsIn(entry: Uint8Array, found: Set<string>): void {
  let record: Readonly<Record<string, unknown>> | null;
  try {
    record = JSON.parse(
      Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength).toString('utf8'),
    ) as typeof record;
  } catch {
    return;
  }
  if (typeof record !== 'object' || record === null) return;
  gather(record['kind'] === 'decision' ? record['versions'] : record['selector'], found);
}

function gather(value: unknown, found: Set<string>): void {
  if (typeof value === 'string') {
    if (digest.test(value)) found.add(value);
  } else if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) gather(member, found);
  }
}
