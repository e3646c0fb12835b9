import type { Command } from 'commander';
import { checkProof } from '../../audit/verify/entry-proof.ts';
import type { Proved } from '../../audit/verify/entry-proof.ts';
import { operatorOnly } from '../../audit/verify/seen-outside.ts';
import { formatInstant } from '../../lib/clock.ts';
import { asPortreeveError, PortreeveError } from '../../lib/errors.ts';
import { finish, type CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { readInput } from '../input.ts';
import { fields } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { keyOption, logKeys, witnessKeys, witnessOption } from './keys.ts';

interface Options extends CommonOptions {
  readonly key?: readonly string[];
  readonly witness?: readonly string[];
}

/** Bytes of a proof: an entry in base64, 63 hashes, a checkpoint with its signatures. */
const mostProofBytes = 512 * 1024;

/** `audit check`. */
export function registerAuditCheck(group: Command, session: Session): void {
  const command = group
    .command('check')
    .description('verify a proof (.tlog-proof) by the keys of its log, without the log')
    .argument('<file>', 'the proof; - for standard input')
    .addOption(keyOption())
    .addOption(witnessOption());
  finish(
    command,
    session,
    ['audit check decision.tlog-proof --key plant-7.key', 'audit check - --key plant-7.key --json < proof'],
    (options: Options, [file]) => runCheck(file as string, options, session),
  );
}

async function runCheck(file: string, options: Options, session: Session): Promise<Answer> {
  const keys = logKeys(options.key, session);
  if (keys.length === 0) throw new PortreeveError('PDP_USAGE', 'give --key: a proof holds by a key alone');
  const witnesses = witnessKeys(options.witness, session);
  const text = await readInput(file, mostProofBytes, session);
  let proved: Proved;
  try {
    proved = checkProof(Buffer.from(text), keys, witnesses);
  } catch (thrown) {
    const { code, message } = asPortreeveError(thrown);
    if (code !== 'PDP_INPUT_MALFORMED' && code !== 'PDP_KEYS_INVALID') throw thrown;
    return {
      exit: exitCodes.failed,
      data: { verdict: 'failed', problem: message },
      text: `${session.paint('bad', 'WRONG')}  ${message}\nFAILED: nothing is proved\n`,
    };
  }
  return answerOf(proved, session);
}

function answerOf({ index, entry, checkpoint, cosignatures }: Proved, { paint }: Session): Answer {
  const { origin, size } = checkpoint;
  const record = Buffer.from(entry).toString('utf8');
  const seen = cosignatures.map(({ witness, timeS }) => ({ witness, at: formatInstant(timeS * 1000) }));
  const outside = seen.map(({ witness, at }) => `seen by ${witness} at ${at}`);
  const lines: [string, string][] = [
    ['log', origin],
    ['entry', `${index} of ${size}`],
    ...(outside.length > 0 ? outside : [operatorOnly]).map((line): [string, string] => ['outside', line]),
    ['record', record],
  ];
  return {
    exit: exitCodes.ok,
    data: { verdict: 'verified', origin, index, size, witnesses: seen, record: parsed(record) },
    text: `${fields(lines, paint)}${paint('good', 'VERIFIED: this record is in the log that was signed')}\n`,
  };
}

/** Whatever was signed is told, a record or not. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
