import { formatInstant } from '../../lib/clock.ts';
import { formatDuration } from '../../lib/duration.ts';
import { outsiders } from '../witness/outsiders.ts';
import type { OutsiderQuestion, Outsiders, OutsiderTrust, Stretch } from '../witness/types.ts';
import type { Findings } from './findings.ts';
import type { LogPlace } from './place.ts';

/** What outsiders say of a log, and in words. */
export interface SeenOutside {
  readonly outsiders: Outsiders;
  readonly lines: readonly string[];
}

/** What is said of a log of which nobody but its operator has said anything. */
export const operatorOnly = 'checked against its own operator only';

/**
 * Holds what witnesses and anchors have said against the log. What contradicts it is told as wrong, what cannot be
 * verified as a remark.
 */
export async function seenOutside(
  place: LogPlace,
  trust: OutsiderTrust,
  question: OutsiderQuestion,
  findings: Findings,
): Promise<SeenOutside> {
  const found = await outsiders(place, trust, question);
  for (const { kind, where, message } of found.problems) {
    if (kind === 'contradicts') findings.fail('outsider', null, `${where}: ${message}`);
    else findings.remark('outsider', null, `${where}: ${message}`);
  }
  return { outsiders: found, lines: linesOf(found) };
}

function linesOf({ witnessed, anchored, objects, longestUnseen }: Outsiders): readonly string[] {
  const { read, gone, unread } = objects;
  const readBack =
    read + gone + unread === 0
      ? []
      : [`objects of anchors: ${read} read back, ${gone} not there, ${unread} not read`];
  if (longestUnseen === 'operator only') return [operatorOnly, ...readBack];
  const last = [...witnessed, ...anchored].sort((a, b) => a.size - b.size).at(-1);
  const names = [...new Set([...witnessed, ...anchored].map(({ name }) => name))].join(', ');
  const { time, entries } = longestUnseen;
  return [
    `seen by ${names}, last at ${last?.size ?? 0} entries`,
    `longest stretch that no outsider saw: ${stretchText(time)}`,
    ...(entries.from.size === time.from.size
      ? []
      : [`most entries that no outsider saw: ${stretchText(entries)}`]),
    ...readBack,
  ];
}

function stretchText({ from, to, entries, ms }: Stretch): string {
  const [begin, end] = [from.at, to.at].map((at) => (at === null ? '?' : formatInstant(at)));
  const long = ms === null ? '' : `, ${formatDuration(ms)}`;
  const open = to.seen ? '' : ', not seen yet';
  return `${entries} entries from ${from.size} on, ${begin} to ${end}${long}${open}`;
}
