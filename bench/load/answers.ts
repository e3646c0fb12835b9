/** Where to ask, and how its answers are read. */
export const paths = {
  check: '/envoy.service.auth.v3.Authorization/Check',
  decide: '/portreeve.v1.DecisionService/Decide',
  batch: '/portreeve.v1.DecisionService/DecideBatch',
} as const;

export type Door = keyof typeof paths;

const outcomeAllow = 1;

/** How many decisions of an answer are not what was expected; `decisions` is how many it must hold. */
export function wrongIn(door: Door, answer: Uint8Array, allow: boolean, decisions: number): number {
  const outcomes = outcomesOf(door, answer);
  return decisions - outcomes.filter((allowed) => allowed === allow).length;
}

function outcomesOf(door: Door, answer: Uint8Array): boolean[] {
  switch (door) {
    case 'check': {
      // status.code; absent is OK, as Envoy reads it.
      const status = fieldsOf(answer, 1)[0];
      return [status instanceof Uint8Array && (fieldsOf(status, 1)[0] ?? 0) === 0];
    }
    case 'decide':
      return [fieldsOf(answer, 4)[0] === outcomeAllow];
    case 'batch':
      return messages(answer, 1).map(
        (one) => fieldsOf(messages(one, 2)[0] ?? new Uint8Array(), 4)[0] === outcomeAllow,
      );
  }
}

/** Messages or texts in a field. */
export function messages(bytes: Uint8Array, field: number): Uint8Array[] {
  return fieldsOf(bytes, field).filter((value) => value instanceof Uint8Array);
}

/** All values of one field of a protobuf message: numbers of varints, bytes of what has a length; others are passed over. */
function fieldsOf(bytes: Uint8Array, wanted: number): (number | Uint8Array)[] {
  const found: (number | Uint8Array)[] = [];
  let at = 0;
  const varint = (): number => {
    for (let value = 0, factor = 1; ; factor *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error('an answer ends too early');
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const [field, kind] = [Math.floor(tag / 8), tag % 8];
    if (kind === 0) {
      const value = varint();
      if (field === wanted) found.push(value);
    } else if (kind === 2) {
      const length = varint();
      if (field === wanted) found.push(bytes.subarray(at, at + length));
      at += length;
    } else if (kind === 1 || kind === 5) at += kind === 1 ? 8 : 4;
    else throw new Error(`an answer holds a field of kind ${kind}`);
  }
  return found;
}
