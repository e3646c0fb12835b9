import { parseCertificate } from '../../identity/parse.ts';
import { describeThrown } from '../../lib/errors.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { parseBundle, type Bundle } from '../../policy/bundle.ts';
import { createPolicyEngine } from '../../policy/engine.ts';
import type { PolicyEngine } from '../../policy/types.ts';
import { decideCase } from './decide.ts';
import { certificatesIn, createIssuer, type Issuer, type RevokedEntry } from './issue/issuer.ts';
import { differencesOf, differenceText } from './judge.ts';
import { openKeptFiles } from './kept-files.ts';
import { isWords } from './merge.ts';
import { moment } from './moment.ts';
import type { CaseOutcome, CaseResult, LoadedCase, RunOptions } from './types.ts';
import type { CaseBundle } from './world/configuration.ts';
import { planCase, type PlannedCase, type Presented } from './world/plan.ts';
import { makeWorld, type World, type WorldMaker } from './world/world.ts';

const hour = 3_600_000;

/** A case that was planned, or why it could not be. */
type Prepared = { readonly loaded: LoadedCase } & (
  { readonly planned: PlannedCase } | { readonly thrown: unknown }
);

/**
 * Decides cases with a bundle and says what became of each, in their order. Cases that ask for the same state share it,
 * and none sees what another one left. What is wrong with one case is its own error and stops no other.
 */
export async function* runCases(
  cases: readonly LoadedCase[],
  options: RunOptions,
): AsyncGenerator<CaseOutcome, void> {
  const prepared = cases.map(prepare);
  const rooms = openRooms(prepared, options);
  try {
    for (const one of prepared) {
      const outcome = await runOne(one, rooms, options);
      yield outcome;
      if (options.failFast && (outcome.status === 'failed' || outcome.status === 'error')) return;
    }
  } finally {
    await rooms.close();
  }
}

/** The result of one case alone, whatever it expects; throws what stands in the way of it. */
export async function decideOne(loaded: LoadedCase, options: RunOptions): Promise<CaseResult> {
  const planned = planCase(loaded);
  const rooms = openRooms([{ loaded, planned }], options);
  try {
    return await rooms.decide(planned);
  } finally {
    await rooms.close();
  }
}

function prepare(loaded: LoadedCase): Prepared {
  if (loaded.skip !== undefined) return { loaded, thrown: undefined };
  try {
    return { loaded, planned: planCase(loaded) };
  } catch (thrown) {
    return { loaded, thrown };
  }
}

async function runOne(one: Prepared, rooms: Rooms, { clock }: RunOptions): Promise<CaseOutcome> {
  const { id, file, line, title, combination, tags, skip, expect } = one.loaded;
  const about = { id, file, line, title, combination, tags, expected: expect };
  const started = clock.monotonic();
  const took = () => clock.monotonic() - started;
  const nothing = { problems: [], differences: [] };
  if (skip !== undefined) return { ...about, status: 'skipped', skipReason: skip, ...nothing, durationMs: 0 };
  try {
    if (!('planned' in one)) throw one.thrown;
    const got = await rooms.decide(one.planned);
    const differences = differencesOf(expect, got);
    return {
      ...about,
      status: differences.length === 0 ? 'passed' : 'failed',
      ...{ got, problems: differences.map(differenceText), differences, durationMs: took() },
    };
  } catch (thrown) {
    const problems = describeThrown(thrown).split('\n');
    return { ...about, status: 'error', problems, differences: [], durationMs: took() };
  }
}

/** The worlds of a run: each is made for the first case that needs it, and closed after the last one. */
interface Rooms {
  decide(planned: PlannedCase): Promise<CaseResult>;
  close(): Promise<void>;
}

function openRooms(prepared: readonly Prepared[], options: RunOptions): Rooms {
  const { bundle, compose, clock, cache } = options;
  const issuer = createIssuer(cache === undefined ? undefined : openKeptFiles(cache));
  const parsed = parseBundle(bundle);
  const maker: WorldMaker = {
    ...{ compose, clock, issuer },
    bundle: aboutBundle(parsed),
    engine: engineOf(parsed),
  };
  const groups = Map.groupBy(
    prepared.flatMap((one) => ('planned' in one ? [one.planned] : [])),
    ({ plan }) => plan.key,
  );
  const left = new Map([...groups].map(([key, group]) => [key, group.length]));
  const worlds = new Map<string, Promise<World>>();
  const worldOf = ({ plan }: PlannedCase): Promise<World> => {
    const known = worlds.get(plan.key);
    if (known) return known;
    const made = revokedBy(groups.get(plan.key) ?? [], issuer).then((revoked) =>
      makeWorld(plan, revoked, maker),
    );
    worlds.set(plan.key, made);
    return made;
  };
  const end = async (key: string): Promise<void> => {
    const world = worlds.get(key);
    worlds.delete(key);
    // What kept it from being made was told with the case that needed it.
    await world?.then(
      (made) => made.close(),
      () => undefined,
    );
  };
  return {
    decide: async (planned) => {
      const { key } = planned.plan;
      try {
        return await decideCase(planned, await worldOf(planned), issuer);
      } finally {
        const rest = (left.get(key) ?? 1) - 1;
        left.set(key, rest);
        if (rest === 0) await end(key);
      }
    },
    close: async () => {
      for (const key of [...worlds.keys()]) await end(key);
    },
  };
}

/** Loads the policy once for each data that worlds give it. */
function engineOf(bundle: Bundle): WorldMaker['engine'] {
  const loaded = new Map<string, Promise<PolicyEngine>>();
  return ({ classes, policy }) => {
    const key = canonicalJson({ classes });
    const known = loaded.get(key) ?? createPolicyEngine(bundle, { classes, wanted: policy });
    loaded.set(key, known);
    return known;
  };
}

function aboutBundle({ compat, entrypoint, data }: Bundle): CaseBundle {
  const { portreeve } = data;
  const classes = isWords(portreeve) ? portreeve['classes'] : undefined;
  return { compat, entrypoint, classes: isWords(classes) ? (classes as CaseBundle['classes']) : {} };
}

/** By authority, what its CRL has: the certificates of all cases that share it, and authorities. */
async function revokedBy(
  group: readonly PlannedCase[],
  issuer: Issuer,
): Promise<ReadonlyMap<string, readonly RevokedEntry[]>> {
  const entries = new Map<string, Map<string, RevokedEntry>>();
  const add = (authority: string, entry: RevokedEntry) => {
    const known = entries.get(authority) ?? new Map<string, RevokedEntry>();
    entries.set(authority, known.set(entry.serial, entry));
  };
  for (const { plan, certificate, gatewayCertificate } of group) {
    for (const presented of [certificate, gatewayCertificate])
      if (presented?.words.revoked) await addPresented(presented, plan, issuer, add);
  }
  const [first] = group;
  for (const [name, { revoked, under }] of Object.entries(first?.plan.authorities ?? {})) {
    if (!first || !revoked || under === undefined) continue;
    const { der } = await issuer.authority(name, first.plan.authorities, first.plan.times);
    add(under, entryOf(der, revoked, first.plan.times.at));
  }
  return new Map([...entries].map(([name, list]) => [name, [...list.values()]]));
}

async function addPresented(
  presented: Presented,
  plan: PlannedCase['plan'],
  issuer: Issuer,
  add: (authority: string, entry: RevokedEntry) => void,
): Promise<void> {
  const { revoked = {} } = presented.words;
  const [der] =
    presented.file !== undefined
      ? certificatesIn(presented.file)
      : [(await issuer.leaf(presented.words, presented.profile, presented.authorities, plan.times)).der];
  const authority = presented.words.issuer;
  if (authority === undefined || !der) return;
  add(authority, entryOf(der, revoked, plan.times.at));
}

function entryOf(
  der: Uint8Array,
  { at: since, reason }: { readonly at?: string; readonly reason?: string },
  at: number,
): RevokedEntry {
  const { serial } = parseCertificate(der);
  return { serial, at: moment(since, at, at - hour), ...(reason !== undefined && { reason }) };
}
