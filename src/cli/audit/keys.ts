import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Option } from 'commander';
import { PortreeveError, describeThrown } from '../../lib/errors.ts';
import { parseVerifier, signatureType } from '../../audit/tlog/note.ts';
import type { NoteVerifier } from '../../audit/tlog/note.ts';
import type { Session } from '../session.ts';

/** The option that brings keys of logs. */
export function keyOption(): Option {
  return new Option(
    '--key <key...>',
    'public key of the log (name+id+base64), or a file with some, one a line',
  );
}

/** The option that brings keys of witnesses. */
export function witnessOption(): Option {
  return new Option('--witness <key...>', 'public key of a witness that is trusted, or a file with some');
}

/** Reads keys of logs. Throws PDP_KEYS_INVALID, and PDP_INPUT_MALFORMED where a file cannot be read. */
export function logKeys(named: readonly string[] | undefined, session: Session): readonly NoteVerifier[] {
  return keysOf(named, signatureType.ed25519, 'a witness, not of a log', session);
}

/** Reads keys of witnesses. Throws as `logKeys`. */
export function witnessKeys(named: readonly string[] | undefined, session: Session): readonly NoteVerifier[] {
  return keysOf(named, signatureType.cosignature, 'a log, not of a witness', session);
}

function keysOf(
  named: readonly string[] = [],
  type: number,
  other: string,
  session: Session,
): readonly NoteVerifier[] {
  const keys = named.flatMap((one) => texts(one, session)).map(parseVerifier);
  const wrong = keys.find((key) => key.type !== type);
  if (wrong) throw new PortreeveError('PDP_KEYS_INVALID', `${wrong.name}: this is the key of ${other}`);
  return keys;
}

/** What has a plus is a key, all else a file. */
function texts(named: string, session: Session): readonly string[] {
  if (named.includes('+')) return [named];
  try {
    const lines = readFileSync(resolve(session.around.folder, named), 'utf8').split('\n');
    return lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  } catch (cause) {
    throw new PortreeveError('PDP_INPUT_MALFORMED', `cannot read ${named}: ${describeThrown(cause)}`, {
      cause,
    });
  }
}
