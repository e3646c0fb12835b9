import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFleet, makePki, type Pki } from '../scale/fleet.ts';
import { freePort } from './processes.ts';

export interface PressureFleet {
  readonly folder: string;
  readonly configFile: string;
  readonly pki: Pki;
  readonly ports: readonly number[];
  readonly adminPort: number;
}

/**
 * A fleet and a server's configuration for it, with one listener for each enforcement point of `peps`; where there are several
 * workers each has a port of its own: that of the listener, and those after it.
 */
export async function makePressureFleet(
  o: {
    readonly devices: number;
    readonly peps: readonly string[];
    readonly workers: number;
    readonly stretch?: number;
  },
  now: number,
): Promise<PressureFleet> {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-bench-'));
  const ports: number[] = [];
  for (const pep of o.peps) if (pep) ports.push(await freePort());
  const adminPort = await freePort();
  const pki = await makePki(1, now);
  const options = { folder, pki, now, adminPort, devices: o.devices, revoked: 1000 };
  const configFile = await makeFleet({ ...options, port: ports[0] as number });
  const listeners = o.peps.map(
    (pep, index) =>
      `{ name: ${pep}, address: "127.0.0.1:${portsFrom(ports[index], o.workers)}", pep: ${pep} }`,
  );
  const text = readFileSync(configFile, 'utf8')
    .replace(
      'workers: 1 # the server has one core',
      `workers: ${o.workers}\n  budget: ${150 * (o.stretch ?? 1)}ms`,
    )
    .replace(/listeners: \[.*\]/, `listeners: [${listeners.join(', ')}]`)
    .replace(/peps: \[.*\]/, `peps: [${o.peps.map((name) => `{ name: ${name} }`).join(', ')}]`)
    .replace('audit: { path: records.ndjson }', 'audit: { path: log }');
  writeFileSync(configFile, text);
  return { folder, configFile, pki, ports, adminPort };
}

function portsFrom(first = 0, workers: number): string {
  return workers === 1 ? String(first) : `${first}-${first + workers - 1}`;
}
