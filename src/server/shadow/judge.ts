import { buildShadowRecord } from '../../audit/shadow-record.ts';
import type { ShadowBundle, ShadowRecord } from '../../audit/shadow-record.ts';
import { flipOf } from '../../decision/compare-decisions.ts';
import type { Direction } from '../../decision/compare-decisions.ts';
import type { Attempt } from '../../decision/fault.ts';
import { askBeside, compareBeside, whyIncomparable } from '../../decision/shadow.ts';
import type { Answered, ShadowSettings } from '../../decision/shadow.ts';
import type { Clock } from '../../lib/clock.ts';
import { asPortreeveError } from '../../lib/errors.ts';
import type { PolicyEngine, Verdict } from '../../policy/types.ts';
import { countIn, noCounts } from './types.ts';
import type { AnsweredDecision, ShadowCounts } from './types.ts';

/** What decisions are judged with. */
export interface Judging {
  readonly engine: PolicyEngine;
  readonly bundle: ShadowBundle;
  readonly settings: ShadowSettings;
  /** The policy reads the request's document. */
  readonly document: boolean;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
}

/** What came of one decision. */
export interface Judged {
  readonly counts: ShadowCounts;
  readonly flip: { readonly direction: Direction; readonly reason: string } | undefined;
  readonly record: ShadowRecord | undefined;
  /** How long the policy took (ms); undefined where it was not asked. */
  readonly took: number | undefined;
}

/**
 * Judges one decision that was answered, given as the JSON of `AnsweredDecision`. What goes wrong here, and is not the
 * policy's, makes it undecidable.
 */
export function judgeOne(text: string, judging: Judging): Judged {
  try {
    return judge(text, judging, (answered) => askBeside(judging.engine, answered, judging.settings));
  } catch (thrown) {
    return undecidable(`an error of the program: ${asPortreeveError(thrown).message}`);
  }
}

/** The same where the policy was asked and did not answer within `limitMs`: in force, that would be a denial. */
export function judgeLate(text: string, judging: Judging, limitMs: number): Judged {
  const message = `the policy did not answer within ${limitMs} ms`;
  const fault = { code: 'policy.timeout', stage: 'policy', message } as const;
  return judge(text, judging, () => ({ ok: false, fault }));
}

function judge(
  text: string,
  { bundle, settings, document, clock }: Judging,
  ask: (answered: Answered) => Attempt<Verdict>,
): Judged {
  const answered = JSON.parse(text) as AnsweredDecision;
  const counts = noCounts();
  if (!isAsked(answered)) {
    counts.not_asked = 1;
    return { counts, ...nothing };
  }
  const why = whyIncomparable(answered, { document });
  if (why !== undefined) return undecidable(why);
  const begun = clock.monotonic();
  const answer = ask(answered);
  const took = clock.monotonic() - begun;
  const compared = compareBeside(answered, answer, settings);
  const flip = flipOf(compared);
  const { device, pep } = answered.facts;
  counts.compared = 1;
  countIn(counts.classes, device?.class ?? null);
  countIn(counts.sites, device?.site ?? pep.site ?? null);
  if (flip) counts[flip.direction === 'lock_out' ? 'lock_outs' : 'let_ins'] = 1;
  else counts[compared.otherwise === null ? 'agreed' : (`other_${compared.otherwise}` as const)] = 1;
  if (flip?.enforced === false) counts.not_enforced = 1;
  if (compared.denied) counts.denied_by_both = 1;
  return { counts, flip, record: buildShadowRecord(compared, answered.facts, bundle, clock.now()), took };
}

const nothing = { flip: undefined, record: undefined, took: undefined };

function undecidable(why: string): Judged {
  const counts = noCounts();
  counts.undecidable = 1;
  countIn(counts.because, why);
  return { counts, ...nothing };
}

function isAsked(answered: AnsweredDecision): answered is AnsweredDecision & Answered {
  return answered.input && answered.facts !== null;
}
