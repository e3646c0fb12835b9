import { askAgain } from '../../decision/ask-again.ts';
import type { AskedRecord } from '../../decision/ask-again.ts';
import type { Attempt } from '../../decision/fault.ts';
import { parseBundle } from '../../policy/bundle.ts';
import type { Bundle } from '../../policy/bundle.ts';
import { createPolicyEngine } from '../../policy/engine.ts';
import type { PolicyEngine, PolicyInput, Verdict } from '../../policy/types.ts';
import { inputText } from '../../policy/verdict-memory.ts';
import { sha256Hex } from '../../lib/bytes.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import type { Reads } from '../records/lacking.ts';
import type { DecidingSettings } from '../records/settings.ts';

/** Both bundles, read. */
export interface Sides {
  readonly before: Bundle;
  readonly after: Bundle;
}

/** What both policies answer to one input. */
export interface Answers {
  readonly before: Attempt<Verdict>;
  readonly after: Attempt<Verdict>;
}

/** Asks both policies, with the class data of one configuration. */
export type AskBoth = (record: AskedRecord) => Answers;

/** Answers that are remembered, and characters of an input beyond which its are not. */
const most = { answers: 50_000, characters: 4096, classes: 16 };

/** Reads two bundles from their bytes. Throws what `parseBundle` throws, named for the side. */
export function readSides(before: Uint8Array, after: Uint8Array): Sides {
  return { before: parseBundle(before), after: parseBundle(after) };
}

/** What each side reads of a record. */
export function readsOf({ before, after }: Sides): readonly [Reads, Reads] {
  return [reads('OLD', before), reads('NEW', after)];
}

function reads(name: string, { inputVersion, inputKeys, compat }: Bundle): Reads {
  return { name, inputVersion, inputKeys, document: compat !== null };
}

/**
 * Makes the function that finds both policies for a configuration's classes. Policies are functions of input and data:
 * what both were asked with the same values of all keys that either reads, is not asked again.
 */
export function createSides(sides: Sides): (settings: DecidingSettings) => Promise<AskBoth> {
  const bySettings = new WeakMap<DecidingSettings, Promise<AskBoth>>();
  const byClasses = new Map<string, Promise<AskBoth>>();
  return (settings) => {
    const known = bySettings.get(settings);
    if (known) return known;
    const digest = sha256Hex(canonicalJson(settings.classes));
    if (byClasses.size >= most.classes && !byClasses.has(digest)) byClasses.clear();
    const asking = byClasses.get(digest) ?? load(sides, settings);
    byClasses.set(digest, asking);
    bySettings.set(settings, asking);
    return asking;
  };
}

async function load({ before, after }: Sides, { classes }: DecidingSettings): Promise<AskBoth> {
  const engines = [
    await createPolicyEngine(before, { classes }),
    await createPolicyEngine(after, { classes }),
  ] as const;
  // Policies of another program depend on more than our input.
  const alike = before.compat === null && after.compat === null;
  return alike
    ? remembering(inputText({ keys: unionOf(before.inputKeys, after.inputKeys) }), engines)
    : (record) => asked(askAgain(engines[0], record), askAgain(engines[1], record));
}

/** Exported for tests: the memory in front of two engines. */
export function remembering(
  textOf: (input: PolicyInput) => string,
  [before, after]: readonly [PolicyEngine, PolicyEngine],
): AskBoth {
  const remembered = new Map<string, Answers>();
  return (record) => {
    const text = textOf(record.input);
    const known = remembered.get(text);
    if (known) return known;
    const answers = asked(askAgain(before, record), askAgain(after, record));
    if (text.length > most.characters) return answers;
    if (remembered.size >= most.answers) remembered.clear();
    remembered.set(text, answers);
    return answers;
  };
}

/** The same answer is the same object: nothing needs to be concluded from it twice. */
function asked(before: Attempt<Verdict>, after: Attempt<Verdict>): Answers {
  return { before, after: canonicalJson(before) === canonicalJson(after) ? before : after };
}

/** Keys that either reads; undefined where one may read all. */
function unionOf(
  before: readonly string[] | undefined,
  after: readonly string[] | undefined,
): readonly string[] | undefined {
  return before && after && [...new Set([...before, ...after])];
}
