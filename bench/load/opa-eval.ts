import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { BodyMaker } from './bodies.ts';
import { writeOpaData } from './peers.ts';
import { decodeCheck } from './requests.ts';
import type { World } from './world.ts';

const root = join(import.meta.dirname, '../..');
/** Denied requests of each kind come one after the other. */
const kinds = 7;

/**
 * Asks the Rego in bench/peers/opa by `opa eval`, without the server that was not to be had: real requests, one allowed and
 * one of each kind that is denied, as opa-envoy-plugin would hand them over. Answers what was wrong; undefined where
 * there is no `opa` either.
 */
export function tryRego(world: World, maker: BodyMaker): string[] | undefined {
  const found = spawnSync('sh', ['scripts/opa.sh', '--present'], { cwd: root, encoding: 'utf8' });
  if (found.status !== 0) return undefined;
  const data = writeOpaData(world);
  const args = [
    'eval',
    '--format',
    'json',
    '--stdin-input',
    '-d',
    'bench/peers/opa/decision.rego',
    '-d',
    data,
  ];
  const query = '[data.portreeve.bench.decision.allowed, data.portreeve.bench.reasons]';
  const asked = [
    { body: maker.warm[0] as Buffer, allow: true },
    ...maker.denied.slice(0, kinds).map((body) => ({ body, allow: false })),
  ];
  return asked.flatMap(({ body, allow }, place) => {
    const input = JSON.stringify(decodeCheck(body));
    const { stdout, stderr } = spawnSync(found.stdout.trim(), [...args, query], {
      cwd: root,
      input,
      encoding: 'utf8',
    });
    const [allowed, reasons] = answerOf(stdout) ?? [];
    if (allowed === allow && (allow || reasons?.length === 1)) return [];
    return [`request ${place}: ${JSON.stringify(allowed)} for ${JSON.stringify(reasons)} ${stderr}`];
  });
}

function answerOf(text: string): [boolean, string[]] | undefined {
  try {
    const { result } = JSON.parse(text) as { result?: { expressions: { value: [boolean, string[]] }[] }[] };
    return result?.[0]?.expressions[0]?.value;
  } catch {
    return undefined;
  }
}
