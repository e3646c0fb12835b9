import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LoadClient } from './client.ts';
import type { Contestant } from './ours.ts';
import { freePort, start, startNode, untilAnswered, type Running } from './processes.ts';
import { inventory, revokedSerials, type World } from './world.ts';

const root = join(import.meta.dirname, '../..');
const peers = join(root, 'bench/peers');
const connections = 4;

/** What takes part, or why it does not. */
export type MaybeContestant = Contestant | { readonly name: string; readonly missing: string };

/** A grpc-js server that decodes and answers the same bytes as ours, and does nothing else. */
export async function startNoop(world: World, answer: Buffer, first: Buffer): Promise<Contestant> {
  const port = await freePort();
  const args = ['bench/load/noop-server.ts', String(port), answer.toString('base64')];
  return contestant('noop', port, startNode(args, { log: join(world.folder, 'noop.log') }), first);
}

/** The server in bench/peers/go, built where Go is. */
export async function startGo(world: World, first: Buffer): Promise<MaybeContestant> {
  const go = ['go', '/usr/local/go/bin/go'].find((path) => spawnSync(path, ['version']).status === 0);
  if (!go) return { name: 'go', missing: 'no Go on the PATH' };
  const program = join(root, '.portreeve/bench/go-peer');
  mkdirSync(join(root, '.portreeve/bench'), { recursive: true });
  const built = spawnSync(go, ['build', '-buildvcs=false', '-o', program, '.'], {
    cwd: join(peers, 'go'),
    encoding: 'utf8',
  });
  if (built.status !== 0)
    return { name: 'go', missing: `it cannot be built: ${built.stderr.trim().split('\n').at(-1)}` };
  const state = join(world.folder, 'go-state.json');
  writeFileSync(state, JSON.stringify(peerState(world)));
  const port = await freePort();
  const command = [program, '-address', `127.0.0.1:${port}`, '-state', state];
  return contestant('go', port, start(command, { log: join(world.folder, 'go.log') }), first);
}

/** opa-envoy-plugin with our Rego, where OPA_ENVOY names its binary. */
export async function startOpaEnvoy(world: World, first: Buffer): Promise<MaybeContestant> {
  const binary = process.env.OPA_ENVOY;
  if (!binary) return { name: 'opa', missing: 'OPA_ENVOY names no opa-envoy-plugin' };
  if (!existsSync(binary)) return { name: 'opa', missing: `OPA_ENVOY: there is no ${binary}` };
  const [port, diagnostics] = [await freePort(), await freePort()];
  const data = writeOpaData(world);
  const command = [
    ...[
      binary,
      'run',
      '--server',
      `--addr=127.0.0.1:${diagnostics}`,
      '--log-level=error',
      '--disable-telemetry',
    ],
    `--set=plugins.envoy_ext_authz_grpc.addr=127.0.0.1:${port}`,
    '--set=plugins.envoy_ext_authz_grpc.path=portreeve/bench/decision',
    '--set=plugins.envoy_ext_authz_grpc.skip-request-body-parse=true',
    ...[join(peers, 'opa/decision.rego'), data],
  ];
  return contestant('opa', port, start(command, { log: join(world.folder, 'opa.log') }), first);
}

/** Writes the document `data` that the Rego in bench/peers/opa decides by; answers its file. */
export function writeOpaData(world: World): string {
  const { inventory: devices, revoked, roots, intermediates } = peerState(world);
  const file = join(world.folder, 'opa-data.json');
  // The built-in takes the first certificate for the root, the last for the leaf.
  writeFileSync(file, JSON.stringify({ inventory: devices, revoked, chain: `${roots}${intermediates}` }));
  return file;
}

/** The same devices, revoked serial numbers and CAs as our servers have, as the peers read them. */
function peerState({
  ec,
}: World): object & Record<'roots' | 'intermediates', string> & Record<'inventory' | 'revoked', object> {
  return {
    inventory: Object.fromEntries(inventory().map((row) => [row.device_id, row])),
    revoked: Object.fromEntries(revokedSerials().map((serial) => [serial.replace(/^0+/, ''), true])),
    roots: ec.root.pem,
    intermediates: ec.issuer.pem,
  };
}

async function contestant(name: string, port: number, running: Running, first: Buffer): Promise<Contestant> {
  const client = new LoadClient(`127.0.0.1:${port}`, connections);
  await untilAnswered(running, () => client.call(first));
  return { name, running, client };
}
