import type { Command } from 'commander';
import type { AuditRecord } from '../../audit/record.ts';
import { openingsBeside } from '../../audit/redact/openings.ts';
import { hiddenIn, proves, reveal } from '../../audit/redact/restore.ts';
import type { Revealed } from '../../audit/redact/restore.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { isObject } from '../../policy/is-object.ts';
import { findHiding } from '../../workshop/case-add/find-record.ts';
import { configOption, finish, type CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { readInput } from '../input.ts';
import { plain, table, type Paint } from '../output.ts';
import { openRecordSource, recordsHelp } from '../record-source.ts';
import type { Answer, Session } from '../session.ts';

interface Options extends CommonOptions {
  readonly log?: readonly string[];
  readonly field?: readonly string[];
  readonly value?: string;
  readonly check?: string;
}

/** What of a record is looked at here. */
type Hiding = Pick<AuditRecord, 'decision_id' | 'time' | 'redacted'>;

const mostBytes = 1024 * 1024;

/** `audit reveal ID`. */
export function registerAuditReveal(group: Command, session: Session): void {
  const command = group
    .command('reveal')
    .description('what proves single texts that a record hides (audit.redact), to whoever has the record')
    .argument('<id>', 'the decision, or the act (`act_id`)')
    .option(
      '--field <pointer...>',
      'JSON pointers of what is to be proved, such as /device_id; none: say which there are',
    )
    .option('--value <text>', 'prove every field that hides this text, wherever it stands')
    .option(
      '--check <file>',
      'check what was revealed before (the JSON of --json; - is standard input) against the record',
    )
    .option('--log <location...>', `${recordsHelp} (default: the configuration's)`)
    .addOption(configOption())
    .addHelpText(
      'after',
      '\nA field is proved by its value and a salt: HMAC-SHA-256 of the value under the salt is the commitment that stands in\n' +
        'the record. The salt of one field says nothing of another. What was erased can be proved no more.',
    );
  finish(
    command,
    session,
    [
      'audit reveal 0199e6d2-5c1e-7c33-8a51-3f7d1c2b4a60 --field /device_id --json > device.json',
      'audit reveal 0199e6d2-5c1e-7c33-8a51-3f7d1c2b4a60 --value urn:dev:meter-0001 --json > device.json',
      'audit reveal 0199e6d2-5c1e-7c33-8a51-3f7d1c2b4a60 --check device.json --log export.zip',
    ],
    (options: Options, [id]) => runReveal(id as string, options, session),
  );
}

async function runReveal(id: string, options: Options, session: Session): Promise<Answer> {
  const locations = options.log ?? [session.config(options.config).audit.path];
  const { files, keptFolders } = await openRecordSource(locations, session);
  const record = await findHiding(files, id);
  if (options.check !== undefined) {
    const text = await readInput(options.check, mostBytes, session);
    return checked(record, readRevealed(text), session.paint);
  }
  const hidden = hiddenIn(record);
  const opening = openingsBeside(keptFolders).of(record.decision_id, record.time);
  const can = hidden.filter((field) => opening && reveal(opening, field));
  const { field: named, value } = options;
  if (named === undefined && value === undefined) return listed(record, hidden, can, session.paint);
  const same = can.filter((field) => value !== undefined && opening?.values[field] === value);
  if (value !== undefined && same.length === 0)
    throw new PortreeveError('PDP_NOT_FOUND', 'no field that can be revealed hides this text');
  const revealed = [...new Set([...(named ?? []), ...same])].map((field) => {
    const found = opening && reveal(opening, field);
    if (found && proves(record, found)) return found;
    throw new PortreeveError('PDP_NOT_FOUND', whyNot(field, hidden, opening !== undefined));
  });
  const rows = revealed.map(({ field, value, salt, commitment }) => [field, value, salt, commitment]);
  return {
    exit: exitCodes.ok,
    data: { decision_id: record.decision_id, revealed },
    text: table(['field', 'value', 'salt', 'commitment'], rows, session.paint),
  };
}

function whyNot(field: string, hidden: readonly string[], isOpen: boolean): string {
  if (!hidden.includes(field)) return `the record hides nothing at ${field}`;
  return `${field} cannot be revealed${isOpen ? '' : ': what opens this record was erased, or is not beside this log'}`;
}

function listed(
  { decision_id: id }: Hiding,
  hidden: readonly string[],
  can: readonly string[],
  paint: Paint,
): Answer {
  const rows = hidden.map((field) => [field, can.includes(field) ? 'yes' : 'no']);
  return {
    exit: exitCodes.ok,
    data: {
      decision_id: id,
      fields: hidden.map((field) => ({ field, can_be_revealed: can.includes(field) })),
    },
    text:
      hidden.length === 0 ? `${plain(id)} hides nothing\n` : table(['field', 'can be revealed'], rows, paint),
  };
}

/** What another run has written; throws PDP_INPUT_MALFORMED. */
function readRevealed(text: string): readonly Revealed[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new PortreeveError('PDP_INPUT_MALFORMED', 'not JSON', { cause });
  }
  const list = isObject(value) ? value['revealed'] : undefined;
  if (Array.isArray(list) && list.length > 0 && list.every(isRevealed)) return list;
  throw new PortreeveError('PDP_INPUT_MALFORMED', 'not what audit reveal --field --json writes');
}

function isRevealed(value: unknown): value is Revealed {
  return (
    isObject(value) &&
    ['decision_id', 'field', 'value', 'salt', 'commitment'].every((name) => typeof value[name] === 'string')
  );
}

function checked(record: Hiding, revealed: readonly Revealed[], paint: Paint): Answer {
  const results = revealed.map((one) => ({
    field: one.field,
    value: one.value,
    proved: proves(record, one),
  }));
  const ok = results.every(({ proved }) => proved);
  const rows = results.map(({ field, value, proved }) => [
    field,
    value,
    proved ? 'proved' : 'not what the record says',
  ]);
  return {
    exit: ok ? exitCodes.ok : exitCodes.failed,
    data: { decision_id: record.decision_id, ok, fields: results },
    text: table(['field', 'value', ''], rows, paint),
  };
}
