import { putBehindEnvoy } from '../helpers/behind-envoy.ts';
import { makeLiveFleet } from '../helpers/live-fleet.ts';
import { findEnvoy } from '../helpers/processes.ts';
import { needing } from '../helpers/skip.ts';

const envoy = findEnvoy();
const withEnvoy = needing(envoy.lack, { serial: true });

const calls = 80;

/** What became of so many calls, one after the other. */
interface Measured {
  readonly failed: number;
  /** By how much the slowest tenth came after the fastest quarter, at the least (ms). */
  readonly later: number;
  readonly retries: number;
}

/**
 * The slower half are those that were tried again, and come later than the others by the pause before a second try (ms): 5
 * at most. Were `base_interval` far longer, Envoy would still keep the pauses within what a try may take, no call would
 * fail, and the slowest tenth would come some 40 later.
 */
const laterMs = 25;
/** A machine that stands still for a moment makes calls late that nothing is wrong with; times that are wrong do so each time. */
const rounds = 5;

/** One worker on the first of the fleet's two ports: nobody listens on the second. */
function withOneEndpointDead(configuration: string): string {
  return configuration
    .replace('\nserver:', '\nserver:\n  workers: 1')
    .replace(/(address: "127\.0\.0\.1:\d+)-\d+"/, '$1"');
}

/** Envoy is never told which endpoint is dead: so it is in the first second or two after a worker's end. */
function withoutHealthChecks(example: string): string {
  const checks = /^ {6}health_checks:\n(?: {8}.*\n)+/m;
  if (!checks.test(example)) throw new Error('the example has other health checks than this test knows');
  return example.replace(checks, '');
}

withEnvoy(
  'at the times that ship, one dead endpoint of two costs no call: whatever goes there is tried again in time',
  async (t) => {
    const fleet = await makeLiveFleet(t, ['meter-1'], { change: withOneEndpointDead });
    await fleet.serve();
    const { ask, proxy } = await putBehindEnvoy(t, envoy.path, fleet, {
      device: 'meter-1',
      times: (example) => example,
      change: withoutHealthChecks,
    });
    const retried = async (): Promise<number> => {
      const stats = await proxy.clusterStats();
      return Number(/\.upstream_rq_retry: (\d+)$/m.exec(stats)?.[1] ?? 0);
    };
    const measured = async (): Promise<Measured> => {
      const before = await retried();
      const times: number[] = [];
      let failed = 0;
      for (let call = 0; call < calls; call += 1) {
        const began = performance.now();
        failed += (await ask()) === 200 ? 0 : 1;
        times.push(performance.now() - began);
      }
      times.sort((a, b) => a - b);
      const [early = NaN, late = NaN] = [0.25, 0.9].map((share) => times[share * calls]);
      return { failed, later: Math.round(late - early), retries: (await retried()) - before };
    };
    // The server's code and Envoy's connection are as warm as they are when a worker ends.
    await measured();
    const seen: Measured[] = [];
    const wellDone = (one: Measured | undefined): boolean => one?.failed === 0 && one.later < laterMs;
    do seen.push(await measured());
    while (!wellDone(seen.at(-1)) && seen.length < rounds);
    const told = JSON.stringify(seen);
    t.log(`${told} of ${calls} each`);
    const denied = proxy.accessLog().filter(({ status }) => status !== 200);
    t.true(wellDone(seen.at(-1)), `${told} ${JSON.stringify(denied.slice(-3))}`);
    // Which endpoint gets a call is chance, half for half.
    for (const { retries } of seen) t.true(retries >= calls / 8, told);
  },
);
