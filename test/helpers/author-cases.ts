import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/lib/clock.ts';
import { composeDecision } from '../../src/server/compose.ts';
import { loadCases, soundCases } from '../../src/workshop/cases/load.ts';
import { runCases } from '../../src/workshop/cases/run.ts';
import type { CaseFile, CaseOutcome, LoadedCase, RunOptions } from '../../src/workshop/cases/types.ts';

/** The bundle that ships. */
export const defaultBundle: Uint8Array = readFileSync(
  join(import.meta.dirname, '../../rego/bundle/portreeve.tar.gz'),
);

/** A new folder with these files of a policy author. */
export function authorFolder(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'pr-author-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

/** The first of these files as it is read. */
export function loaded(files: Readonly<Record<string, string | Uint8Array>>): CaseFile {
  const [name = ''] = Object.keys(files);
  const [file] = loadCases([name], { folder: authorFolder(files) });
  return file as CaseFile;
}

/** Its problems as an editor would be told them: `line:column path: message`. */
export function problemsOf(text: string, others: Readonly<Record<string, string>> = {}): readonly string[] {
  return loaded({ 'cases.yaml': text, ...others }).problems.map(
    ({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`,
  );
}

/** Its cases. */
export function casesIn(
  files: string | Readonly<Record<string, string | Uint8Array>>,
): readonly LoadedCase[] {
  return soundCases([loaded(typeof files === 'string' ? { 'cases.yaml': files } : files)]);
}

/** What becomes of cases with the bundle that ships. */
export async function outcomesOf(
  cases: readonly LoadedCase[],
  options: Partial<RunOptions> = {},
): Promise<readonly CaseOutcome[]> {
  const around = { bundle: defaultBundle, compose: composeDecision, clock: systemClock };
  return gatheredOutcomes(runCases(cases, { ...around, ...options }));
}

/** All of them, in their order. */
export async function gatheredOutcomes(
  outcomes: AsyncIterable<CaseOutcome>,
): Promise<readonly CaseOutcome[]> {
  const all: CaseOutcome[] = [];
  for await (const outcome of outcomes) all.push(outcome);
  return all;
}

/** Fixtures of a small fleet: a meter that may connect, and what the default policy knows of its class. */
export const meters = `
at: 2026-06-01T12:00:00Z
fixtures:
  configuration:
    classes:
      meter:
        {
          assurance: device_proved,
          binding: issuer,
          issuers: [meters],
          anchors: [fleet],
          networks: [10.20.0.0/16],
          ttl: 1h,
          session_limit: 12h,
          entitlements: ['telemetry:write'],
        }
      sensor: { assurance: gateway_asserted, binding: issuer, issuers: [meters], anchors: [fleet] }
      gateway: { binding: issuer, issuers: [meters], anchors: [fleet] }
      vault: { binding: issuer, issuers: [meters], anchors: [fleet], attestation: required }
      pinned: { binding: certificate, anchors: [fleet] }
  authorities: { fleet: { profile: spiffe }, meters: { under: fleet } }
  verifiers: { lab: {} }
  certificates: { meter: { id: 'spiffe://fleet.example/meter/1', issuer: meters } }
  devices: { meter: { class: meter } }
  cases: { good: { certificate: meter, device: meter } }
`;

/** A file with the fixtures above and these cases, each the text of one in flow style. */
export function withMeters(...cases: readonly string[]): string {
  return `${meters}cases:\n${cases.map((one) => `  - ${one}\n`).join('')}`;
}
