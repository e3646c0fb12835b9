/**
 * Nothing that is kept outlives a change: a worker's point of decision that goes through a whole run with all that it
 * remembers says in every decision exactly what one says that was put together for that decision alone. Changes of every
 * kind, at any moment and by other connections, and decisions through the doors come in any order.
 */
import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { defaultBundlePath } from '../../src/policy/bundle.ts';
import type { BundleFile } from '../../src/server/bundles/bundle-file.ts';
import { defaultOrigin, fileSource } from '../../src/server/bundles/origin.ts';
import { bundleOf, changed } from '../helpers/bundles.ts';
import { opa } from '../helpers/policies.ts';
import { policyLocation } from '../helpers/remembered/changes.ts';
import { makeFleet } from '../helpers/remembered/fleet.ts';
import { requestsOf } from '../helpers/remembered/requests.ts';
import { compare, startRun, warm } from '../helpers/remembered/run.ts';
import { anyCommands } from '../helpers/remembered/steps.ts';

const runs = 8 * Number(process.env.SOAK_FACTOR ?? 1);

/** Policies whose verdicts hang on what changes all the time: the second, and what whoever connects may choose. */
const volatile = [
  verdict('30 + (input.now_s % 30)', '[]'),
  verdict('60', '[concat(":", [name, fact.value]) | some name, fact in input.custom]'),
  verdict('60', '[input.device_status]'),
];

function verdict(term: string, entitlements: string): string {
  return `package portreeve

decision := {
	"allow": true,
	"reasons": [],
	"entitlements": ${entitlements},
	"headers": {},
	"session_limit_s": null,
	"ttl_s": ${term},
}
`;
}

function bundles(): readonly BundleFile[] {
  const bytes = readFileSync(defaultBundlePath);
  const origin = { source: fileSource, location: policyLocation, pinned: false };
  const compiled = opa.opa === undefined ? [] : volatile.map(bundleOf);
  return [
    { bytes, origin: defaultOrigin },
    // The same rules under another digest, from a source: they may become too old.
    { bytes: changed(bytes, {}, { 'note.txt': Buffer.from('another') }), origin },
    ...compiled.map((one) => ({ bytes: one, origin })),
  ];
}

/** All that has a name, as metrics have it: runs in which one of them is never of use would say nothing about it. */
const memories = [
  'attestation_devices',
  'attestation_results',
  'attestation_tokens',
  'credentials',
  'delegations',
  'device_keys',
  'devices',
  'firmware',
  'refused_credentials',
  'revocations',
  'verdicts',
];

test('what a whole run remembers never shows in a decision, whatever changes and whenever', async (t) => {
  t.timeout(runs * 60_000);
  const fleet = await makeFleet();
  t.teardown(fleet.world.close);
  const requests = requestsOf(fleet);
  const outcomes = new Set<string>();
  const found = new Set<string>();
  const any = fc.uniqueArray(fc.nat(requests.length - 1), { minLength: 4, maxLength: 6 });
  // Those that stand together are alike, but for what the one is to be told from the other by.
  const alike = fc.nat(requests.length - 5).map((first) => [0, 1, 2, 3, 4].map((next) => first + next));
  const policies = bundles();
  const began = fc.nat(policies.length - 1);
  // Whatever comes, everything is asked about by what is remembered of all of it.
  const whole = await startRun(fleet, requests);
  t.teardown(whole.close);
  await warm(whole);
  await compare(whole, ...requests);
  for (const name of whole.pair.found()) found.add(name);
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(any, alike),
      began,
      anyCommands(policies, 40),
      async (chosen, first, commands) => {
        const run = await startRun(fleet, requests);
        run.asking = chosen.flatMap((index) => requests[index] ?? []);
        try {
          await run.pair.exchange(policies[first] as BundleFile);
          for (const { made } of await compare(run, ...run.asking)) outcomes.add(made.decision.outcome);
          await fc.asyncModelRun(() => ({ model: {}, real: run }), commands);
        } finally {
          for (const name of run.pair.found()) found.add(name);
          run.close();
        }
      },
    ),
    { numRuns: runs, endOnFailure: false, includeErrorInReport: true },
  );
  t.deepEqual([...outcomes].sort(), ['allow', 'deny']);
  t.deepEqual([...found].sort(), memories, 'something was found in each memory');
});
