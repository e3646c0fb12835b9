import type { Place } from '../place.ts';
import type { Found } from '../problem.ts';

/** Collects what the checks find; none of them stops at its first finding. */
export class Report {
  readonly problems: Found[] = [];
  readonly warnings: Found[] = [];

  /** The configuration cannot be used like this. */
  refuse(place: Place, message: string): void {
    this.problems.push({ path: place.path, at: 'value', message });
  }

  /** It can be used, but somebody should know. */
  warn(place: Place, message: string): void {
    this.warnings.push({ path: place.path, at: 'value', message });
  }
}

/** The texts of a key over all entries of a list, malformed entries left out. */
export function namesOf(entries: readonly Place[], key = 'name'): Set<string> {
  return new Set(entries.flatMap((entry) => entry.get(key).text ?? []));
}

/** Refuses each place whose text an earlier place has. */
export function refuseDuplicates(report: Report, places: readonly Place[], what: string): void {
  const seen = new Set<string>();
  for (const place of places) {
    const { text } = place;
    if (text === undefined) continue;
    if (seen.has(text)) report.refuse(place, `${what} ${JSON.stringify(text)} is there twice`);
    seen.add(text);
  }
}

/** Refuses each place whose text is not among the known ones. */
export function refuseUnknown(
  report: Report,
  places: readonly Place[],
  known: ReadonlySet<string>,
  what: string,
): void {
  for (const place of places) {
    const { text } = place;
    if (text !== undefined && !known.has(text))
      report.refuse(place, `names ${JSON.stringify(text)}, which is not ${what}`);
  }
}
