/**
 * Policies that were written for opa-envoy-plugin, asked through Envoy's door as it is: compiled by `opa build` alone,
 * loaded by a whole configuration, in a world of its own.
 *
 *     const world = await makeCompatWorld(t, 'package envoy.authz\n…');
 *     const { answer } = await world.ask({ attributes: { request: { http: { method: 'GET', path: '/people' } } } });
 *     t.is(answer.status.code, 0);
 */
import { spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extAuthzDoor } from '../../src/api/ext-authz/service.ts';
import type { CheckResponse } from '../../src/api/ext-authz/wire.ts';
import { decodeCheckRequestJson } from '../../src/api/proto3-json.ts';
import { buildRecord, recordBytes } from '../../src/audit/record.ts';
import type { AuditRecord } from '../../src/audit/record.ts';
import { readRecord } from '../../src/audit/read-record.ts';
import type { MadeDecision } from '../../src/decision/types.ts';
import { sha256Hex } from '../../src/lib/bytes.ts';
import { opa } from './policies.ts';
import { root } from './source-files.ts';
import { makeWorld } from './world.ts';
import type { World, WorldOptions } from './world.ts';
import type { Document } from './world-document.ts';

const cache = join(root, '.tools/cache/policies');

export interface CompatPolicy {
  readonly rego: string;
  readonly path?: string;
  readonly v0?: boolean;
}

/** The bundle that `opa build` makes of a policy, with nothing of ours in it; for tests `withOpa`. */
export function pluginBundle({ rego, path = 'envoy/authz/allow', v0 = false }: CompatPolicy): string {
  const file = join(cache, `${sha256Hex(`plugin\0${rego}\0${path}\0${v0}`)}.tar.gz`);
  if (existsSync(file)) return file;
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-compat-'));
  try {
    writeFileSync(join(folder, 'policy.rego'), rego);
    const built = join(folder, 'bundle.tar.gz');
    const flags = ['build', '-t', 'wasm', '-e', path, ...(v0 ? ['--v0-compatible'] : []), '-o', built];
    const { status, stderr } = spawnSync(opa.path, [...flags, 'policy.rego'], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
    renameSync(built, file);
    return file;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface Answered {
  readonly answer: CheckResponse;
  readonly made: MadeDecision;
  /** As it was written and read back. */
  readonly record: AuditRecord;
}

export interface CompatWorld extends World {
  /** Asks with the proto3 JSON of a CheckRequest. */
  readonly ask: (request: object) => Promise<Answered>;
}

/** A world whose policy is one of opa-envoy-plugin's, and where nobody needs a certificate unless `compat` says so. */
export async function makeCompatWorld(
  t: { teardown(step: () => unknown): void },
  policy: string | CompatPolicy,
  options: WorldOptions & { readonly compat?: Document } = {},
): Promise<CompatWorld> {
  const asked = typeof policy === 'string' ? { rego: policy } : policy;
  const world = await makeWorld({
    ...options,
    configure: (document) => {
      document.policy = {
        bundle: pluginBundle(asked),
        compat: 'opa-envoy',
        ...(asked.path !== undefined && { path: asked.path }),
      };
      document.compat = { credential_optional: true, ...options.compat };
      options.configure?.(document);
    },
  });
  t.teardown(world.close);
  const door = extAuthzDoor(world.config);
  const ask = async (request: object): Promise<Answered> => {
    const decoded = decodeCheckRequestJson(request);
    const made = await world.decide(door.build(decoded, world.pep('envoy'), undefined));
    const record = readRecord(recordBytes(buildRecord(made)));
    return { answer: door.encode(made, door.doorOf(decoded)), made, record };
  };
  return { ...world, ask };
}

/** A JWT signed by HS256 (RFC 7515 appendix A.1). */
export function hs256(payload: object, secret: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(payload)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

/** A request in a few words. */
export function http(
  method: string,
  path: string,
  more: { readonly headers?: Readonly<Record<string, string>>; readonly body?: string } = {},
): object {
  return { attributes: { request: { http: { method, path, ...more } } } };
}

/** Values of a list of headers by their names. */
export function headersIn(
  list: readonly { readonly header: { readonly key: string; readonly value: string } }[] | undefined,
): Readonly<Record<string, readonly string[]>> {
  const found: Record<string, string[]> = {};
  for (const { header } of list ?? []) (found[header.key] ??= []).push(header.value);
  return found;
}
