import { dirname } from 'node:path';
import { checkMeaning } from '../../../config/check.ts';
import { effectiveConfig } from '../../../config/defaults.ts';
import { formatPath, type Found } from '../../../config/problem.ts';
import type { Config } from '../../../config/types.ts';
import { validateSchema } from '../../../config/validate.ts';
import type { EpochMs } from '../../../lib/clock.ts';
import { PortreeveError } from '../../../lib/errors.ts';
import type { ClassRules } from '../../../policy/types.ts';
import { bytesOf, type Issuer } from '../issue/issuer.ts';
import { isWords, patched } from '../merge.ts';
import type { CaseMaterial } from '../types.ts';
import type { Words } from '../words.ts';
import { ofServers } from './of-servers.ts';
import { publishedKeys } from './tokens.ts';
import type { Plan } from './plan.ts';

/** What a world decides by: a configuration as any other, and the bytes of the files that it names. */
export interface WorldConfiguration {
  readonly config: Config;
  readonly material: CaseMaterial;
  /** DER of every authority that is made or given, by name. */
  readonly authorities: ReadonlyMap<string, Uint8Array>;
}

/** The bundle of a run, and what it says of itself. */
export interface CaseBundle {
  readonly compat: Config['policy']['compat'];
  readonly entrypoint: string;
  /** What its own data says of classes. */
  readonly classes: Readonly<Record<string, Partial<ClassRules>>>;
}

/** Where files are said to be that exist only here. */
const generated = '/portreeve-cases/';

/** What cases begin with: an enforcement point that every device may come by, and one that may speak for devices. */
const standing: Words = {
  version: 1,
  peps: [{ name: 'envoy' }, { name: 'edge', may_assert_devices: true }],
  claims: {
    device_id: [{ header: 'x-device-id' }],
    serial: [{ header: 'x-device-serial' }],
    firmware_hash: [{ header: 'x-firmware-hash' }],
    attestation: [{ header: 'x-attestation' }],
  },
};

/**
 * The configuration of a plan, checked as any other. `classes` are those of the policy's own data, for plans whose
 * configuration has none. Throws PDP_CONFIG_INVALID with every problem.
 */
export async function configurationOf(
  plan: Plan,
  issuer: Issuer,
  bundle: CaseBundle,
): Promise<WorldConfiguration> {
  const names = Object.keys(plan.authorities);
  const made = await Promise.all(
    names.map(
      async (name) => [name, (await issuer.authority(name, plan.authorities, plan.times)).der] as const,
    ),
  );
  const authorities = new Map(made);
  const keys = new Map(
    await Promise.all(
      Object.entries(plan.verifiers).map(
        async ([name, words]) =>
          [`${generated}${name}.jwks`, Buffer.from(await publishedKeys(name, words))] as const,
      ),
    ),
  );
  const { file } = plan.configuration;
  const own = ofDecisions(plan.configuration);
  const folder = typeof file === 'string' ? dirname(file) : '/';
  const document = withVerifiers(withAuthorities(patched(standing, own) as Words, plan), plan);
  const config = effective(withListener(document), folder, plan.times.at);
  const classes = own['classes'] === undefined ? classesOf(bundle.classes) : config.classes;
  const { compat, entrypoint: path } = bundle;
  return {
    config: {
      ...config,
      classes,
      state: { path: ':memory:' },
      policy: { ...config.policy, compat, ...(compat !== null && { path }) },
    },
    authorities,
    material: {
      certificates: readAll(
        [
          ...[...config.trust.anchors, ...config.trust.intermediates, ...config.trust.pep_cas].map(
            (one) => one.file,
          ),
          ...config.revocation.ocsp.responders.flatMap(({ signer }) => signer ?? []),
        ],
        new Map(made.map(([name, der]) => [fileOf(name), der])),
      ),
      verifierKeys: readAll(
        config.attestation.verifiers.flatMap((one) => one.keys.file ?? []),
        keys,
      ),
      bundle: { code: 'PDP_BUNDLE_INVALID', message: 'cases bring their own policy' },
    },
  };
}

function ofDecisions({ file: _, ...configuration }: Words): Words {
  const own = without(configuration, ofServers.sections);
  const { revocation } = own;
  return isWords(revocation) ? { ...own, revocation: without(revocation, ofServers.revocation) } : own;
}

function without(words: Words, names: ReadonlySet<string>): Words {
  return Object.fromEntries(Object.entries(words).filter(([name]) => !names.has(name)));
}

/** Nobody listens; but a configuration without a listener is none. */
function withListener(document: Words): Words {
  const [first] = Array.isArray(document['peps']) ? (document['peps'] as Words[]) : [];
  const listener = { name: 'cases', address: `unix:${generated}asked`, pep: first?.['name'] };
  return { ...document, server: { workers: 1, listeners: [listener] } };
}

function fileOf(authority: string): string {
  return `${generated}${encodeURIComponent(authority)}.der`;
}

function readAll(
  paths: readonly string[],
  made: ReadonlyMap<string, Uint8Array>,
): ReadonlyMap<string, Uint8Array> {
  return new Map(paths.map((path) => [path, made.get(path) ?? bytesOf(path)]));
}

/** Roots are anchors, the others intermediates; an entry of that name that the author wrote himself stays as it is. */
function withAuthorities(document: Words, { authorities }: Plan): Words {
  const trust = isWords(document['trust']) ? document['trust'] : {};
  const anchors = listIn(trust, 'anchors');
  const intermediates = listIn(trust, 'intermediates');
  const taken = new Set([...anchors, ...intermediates].map((one) => one['name']));
  for (const [name, { configured = true, under, profile, anchor }] of Object.entries(authorities)) {
    if (!configured || taken.has(name)) continue;
    const file = fileOf(name);
    if (under === undefined) anchors.push({ name, file, profile, ...anchor });
    else intermediates.push({ name, file });
  }
  return { ...document, trust: { ...trust, anchors, intermediates } };
}

function withVerifiers(document: Words, { verifiers }: Plan): Words {
  const named = Object.entries(verifiers).filter(([, { configured = true }]) => configured);
  if (named.length === 0) return document;
  const attestation = isWords(document['attestation']) ? document['attestation'] : {};
  const own = listIn(attestation, 'verifiers');
  const made = named.map(([name, { key = 'ec-p256', entry }]) => ({
    name,
    keys: { file: `${generated}${name}.jwks` },
    algorithms: [key === 'ed25519' ? 'EdDSA' : key === 'ec-p384' ? 'ES384' : 'ES256'],
    ...entry,
  }));
  return { ...document, attestation: { ...attestation, verifiers: [...own, ...made] } };
}

function listIn(section: Words, key: string): Words[] {
  const list = section[key];
  return Array.isArray(list) ? [...(list as Words[])] : [];
}

function effective(document: Words, folder: string, now: EpochMs): Config {
  const file = 'the configuration of the case';
  const found = [
    ...validateSchema(document),
    ...checkMeaning(document, folder, now).problems.filter((one) => !isGenerated(document, one)),
  ];
  if (found.length > 0) {
    const lines = found.map(({ path, message }) => `configuration: ${formatPath(path)}: ${message}`);
    throw new PortreeveError('PDP_CONFIG_INVALID', lines.join('\n'));
  }
  return effectiveConfig(document, file, folder);
}

/** Whether a problem is about a file that exists only here. */
function isGenerated(document: unknown, { path }: Found): boolean {
  let value = document;
  for (const step of path) value = (value as Record<string | number, unknown> | undefined)?.[step];
  return typeof value === 'string' && value.startsWith(generated);
}

/** Rules of classes as the policy's data has them, what is absent filled in as the configuration does. */
export function classesOf(given: Readonly<Record<string, Partial<ClassRules>>>): Config['classes'] {
  const names = Object.keys(given);
  const document = { classes: Object.fromEntries(names.map((name) => [name, {}])) };
  const filled = effectiveConfig(document, '', '/').classes;
  return Object.fromEntries(
    names.map((name) => {
      const { firmware, attestation, grace, ...rest } = given[name] as Partial<ClassRules>;
      const base = filled[name] as ClassRules;
      return [
        name,
        {
          ...base,
          ...rest,
          firmware: { ...base.firmware, ...firmware },
          attestation: { ...base.attestation, ...attestation },
          grace: { ...base.grace, ...grace },
        },
      ];
    }),
  );
}
