import { formatInstant } from '../../lib/clock.ts';
import { coverageDocument } from '../coverage/json.ts';
import { countsOf } from './types.ts';
import type { Report, ReportItem } from './types.ts';

/** A report as one JSON document: everything that is known of every test. */
export function reportDocument({
  program,
  started,
  durationMs,
  items,
  crossCheck,
  coverage,
  shortfall,
}: Report): object {
  return {
    format: 1,
    program,
    started: formatInstant(started),
    duration_ms: rounded(durationMs),
    counts: countsOf(items),
    ...(crossCheck && { cross_check: crossCheck }),
    ...(shortfall !== undefined && { shortfall }),
    tests: items.map(testDocument),
    ...(coverage && { coverage: coverageDocument(coverage) }),
  };
}

function testDocument(item: ReportItem): object {
  const { kind, id, title, file, line, tags, status, skipReason, durationMs, problems, sections, of } = item;
  return {
    ...{ kind, id, title, file, line, tags, status, duration_ms: rounded(durationMs) },
    ...(skipReason !== undefined && { skip_reason: skipReason }),
    ...(problems.length > 0 && { problems }),
    ...('got' in of && of.got && { decision: of.got.decision }),
    ...('differences' in of && of.differences.length > 0 && { differences: of.differences }),
    ...(sections.length > 0 && {
      details: Object.fromEntries(sections.map((one) => [one.title, one.lines])),
    }),
  };
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
