import { Option, type Command } from 'commander';
import type { Filter } from '../../audit/query/filter.ts';
import type { FieldName } from '../../audit/query/fields.ts';
import { parseInstant, type EpochMs } from '../../lib/clock.ts';
import { parseDuration } from '../../lib/duration.ts';
import { PortreeveError } from '../../lib/errors.ts';
import type { Session } from '../session.ts';
import { closedWords, forms } from './filter-words.ts';

/** Every filter as an option; the names are those of the fields. */
const filters: readonly (readonly [name: FieldName, value: string, help: string])[] = [
  ['kind', 'kind', 'records of this kind; merged: denials that are told together'],
  ['act', 'name', 'acts of this name'],
  ['tenant', 'name', 'of this tenant'],
  ['device', 'id', 'of this device'],
  ['outcome', 'outcome', 'decided so'],
  ['reason', 'code', 'with this reason, primary or not'],
  ['class', 'name', 'of devices of this class'],
  ['owner', 'name', 'of devices of this owner'],
  ['site', 'name', 'at this site'],
  ['gateway', 'id', 'through this gateway'],
  ['pep', 'name', 'asked by this enforcement point'],
  ['door', 'door', 'asked through this door'],
  ['assurance', 'assurance', 'decided with this assurance'],
  ['certificate', 'digest', 'with this leaf (SHA-256, hex)'],
  ['key', 'digest', 'with this public key (SHA-256, hex)'],
  ['issuer', 'issuer', 'with a leaf of this issuer: its name, or the digest of its key'],
  ['serial', 'number', 'with a leaf of this serial number (hex)'],
  ['firmware', 'digest', 'with this firmware, measured or claimed'],
  ['network', 'network', 'from this address or network (10.0.0.0/8)'],
  ['bundle', 'digest', 'by this policy (SHA-256, hex)'],
  ['trace', 'id', 'of this trace'],
  ['connection', 'id', 'of this connection'],
  ['request', 'id', 'of this request (x-request-id)'],
];

export type FilterOptions = Readonly<Partial<Record<FieldName, string>>> & {
  readonly since?: string;
  readonly until?: string;
};

/** Adds an option for every filter. */
export function filterOptions(command: Command): Command {
  command
    .option('--since <when>', 'from then on: RFC 3339, or how long ago (90m, 7d)')
    .option('--until <when>', 'before then: the same');
  for (const [name, value, help] of filters) {
    const option = new Option(`--${name} <${value}>`, help);
    const [words, form] = [closedWords[name], forms[name]];
    if (words) option.choices(words);
    if (form) option.argParser(form);
    command.addOption(option);
  }
  return command;
}

/** The filter that is asked for. Throws PDP_USAGE for a time that is none. */
export function filterOf(options: FilterOptions, session: Session): Filter {
  const now = session.around.clock.now();
  const since = timeOf('--since', options.since, now);
  const until = timeOf('--until', options.until, now);
  const ago = { ...agoOf('since', options.since), ...agoOf('until', options.until) };
  const fields = Object.fromEntries(
    filters.flatMap(([name]) => {
      const value = options[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  return { ...(since !== undefined && { since }), ...(until !== undefined && { until }), ago, fields };
}

/** How long ago (ms) a time is, where it is told so. */
function agoOf(name: 'since' | 'until', text: string | undefined): NonNullable<Filter['ago']> {
  const ago = text === undefined ? undefined : parseDuration(text);
  return ago === undefined ? {} : { [name]: ago };
}

function timeOf(option: string, text: string | undefined, now: EpochMs): EpochMs | undefined {
  if (text === undefined) return undefined;
  const ago = parseDuration(text);
  const at = ago === undefined ? parseInstant(text) : now - ago;
  if (at !== undefined) return at;
  throw new PortreeveError(
    'PDP_USAGE',
    `${option} ${text}: it must be RFC 3339, such as 2026-11-20T08:00:00Z, or how long ago, such as 90m`,
  );
}
