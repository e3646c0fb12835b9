import type { CaseFile } from '../cases/types.ts';
import type { ReportItem } from '../report/types.ts';
import type { Affected } from './affected.ts';

/**
 * What fails, over all runs of a watch: each of them runs only what a change affects, and says nothing of a test that failed
 * before and was not run again.
 */
export class Standing {
  /** Ids of cases and names of Rego tests, by kind. */
  readonly #failing = { case: new Set<string>(), rego: new Set<string>() };

  /** Takes what a run came to; `affected` is what it was to run, `ran` what it ran of that. */
  take(affected: Pick<Affected, 'rego'>, ran: readonly ReportItem[]): void {
    if (affected.rego) this.#failing.rego.clear();
    for (const { kind, id, status } of ran) {
      if (status === 'failed' || status === 'error') this.#failing[kind].add(id);
      else this.#failing[kind].delete(id);
    }
  }

  /** What of it fails now, sorted: cases that are no longer there do not. */
  failing(cases: readonly CaseFile[]): readonly string[] {
    const there = new Set(cases.flatMap((file) => file.cases.map(({ id }) => id)));
    return [...[...this.#failing.case].filter((id) => there.has(id)), ...this.#failing.rego].sort();
  }
}
