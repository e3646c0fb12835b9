import { Ajv2020 } from 'ajv/dist/2020.js';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { storeFormat } from '../../store/migrations.ts';
import { malformed } from './read-archive.ts';

/** Format of a snapshot's manifest and of what stands beside it. */
export const snapshotFormat = 1;

/** Names of the files in a snapshot; the rest are `kept/DIGEST` and `config/NAME`. */
export const snapshotNames = {
  manifest: 'manifest.json',
  statement: 'manifest.json.jws',
  state: 'state.db',
  kept: 'kept/',
  config: 'config/',
} as const;

/** Bytes that a manifest may have. */
export const mostManifestBytes = 8 * 1024 * 1024;

/** What a snapshot says of itself; it is what is signed. Times RFC 3339, digests SHA-256 in lower-case hex. */
export interface Manifest {
  readonly kind: 'portreeve-state';
  readonly format: number;
  readonly program: string;
  readonly store_format: number;
  readonly instance: string;
  readonly site: string | null;
  readonly taken_at: string;
  /** Number of the newest change in it. */
  readonly sequence: number;
  readonly epochs: Readonly<Record<string, number>>;
  /** The latest time that it was known to be; null where none was kept. */
  readonly kept_time: string | null;
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>;
  readonly holds_in_force: number;
  readonly crls: readonly ManifestCrl[];
  readonly sources: readonly {
    readonly kind: string;
    readonly name: string;
    readonly sequence: number | null;
    readonly last_success: string | null;
  }[];
  /** Digest of the effective configuration (`versions.configuration`), and the name of its file where that is carried. */
  readonly configuration: string;
  readonly configuration_file: string | null;
  /** Files that the configuration names and that have to be brought: private keys, and what stands elsewhere. */
  readonly not_carried: readonly { readonly path: string; readonly why: string }[];
  /** Every further file, in the order in which they stand. */
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
}

export interface ManifestCrl {
  readonly issuer_key: string;
  readonly issuer_name: string;
  readonly scope: string;
  readonly delta: boolean;
  readonly number: string | null;
  readonly this_update: string;
  readonly next_update: string;
  readonly digest: string;
  /** Whether its bytes are in the snapshot. */
  readonly kept: boolean;
}

const text = { type: 'string' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const count = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const;
const sha256 = { type: 'string', pattern: '^[0-9a-f]{64}$' } as const;
const counts = { type: 'object', additionalProperties: count } as const;

function object(properties: Readonly<Record<string, object>>): object {
  return { type: 'object', required: Object.keys(properties), additionalProperties: false, properties };
}

function list(items: object, maxItems: number): object {
  return { type: 'array', maxItems, items };
}

const crl = {
  ...{ issuer_key: sha256, issuer_name: text, scope: text, delta: { type: 'boolean' }, number: textOrNull },
  ...{ this_update: text, next_update: text, digest: sha256, kept: { type: 'boolean' } },
};
const carried = {
  anyOf: [
    { const: snapshotNames.state },
    { type: 'string', pattern: '^kept/[0-9a-f]{64}$' },
    { type: 'string', pattern: '^config/[!-.0-~][!-~]*$', maxLength: 100 },
  ],
};
const validate = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(
  object({
    kind: { const: 'portreeve-state' },
    format: { const: snapshotFormat },
    program: text,
    store_format: { type: 'integer', minimum: 1 },
    instance: text,
    site: textOrNull,
    taken_at: text,
    sequence: count,
    epochs: counts,
    kept_time: textOrNull,
    rows: counts,
    holds_in_force: count,
    crls: list(object(crl), 100_000),
    sources: list(
      object({ kind: text, name: text, sequence: { type: ['integer', 'null'] }, last_success: textOrNull }),
      100_000,
    ),
    configuration: sha256,
    configuration_file: textOrNull,
    not_carried: list(object({ path: text, why: text }), 10_000),
    files: list(object({ name: carried, bytes: count, sha256 }), 100_000),
  }),
);

/**
 * Reads the manifest of the snapshot at `path`, as untrusted as any file. Throws PDP_FORMAT_NEWER and PDP_STORE_NEWER for
 * what a newer program made, saying the way back, and PDP_INPUT_MALFORMED with everything that is wrong.
 */
export function readManifest(bytes: Uint8Array, path: string): Manifest {
  const value = parse(bytes, path);
  refuseNewer(value, path);
  if (!validate(value)) {
    const problems = (validate.errors ?? []).map((error) => `${error.instancePath || '/'} ${error.message}`);
    throw malformed(path, `its manifest is wrong: ${problems.slice(0, 10).join('; ')}`);
  }
  const manifest = value as Manifest;
  const names = manifest.files.map(({ name }) => name);
  if (names[0] !== snapshotNames.state || new Set(names).size < names.length)
    throw malformed(path, 'its manifest names no state, or a file twice');
  if (names.some((name) => name.split('/').some((part) => part === '' || part === '.' || part === '..')))
    throw malformed(path, 'its manifest has a name that leaves its folder');
  return manifest;
}

function parse(bytes: Uint8Array, path: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (thrown) {
    throw malformed(path, `its manifest is no JSON: ${describeThrown(thrown)}`, thrown);
  }
}

function refuseNewer(value: unknown, path: string): void {
  const told = (value ?? {}) as Record<string, unknown>;
  const { format, store_format: ofStore, program } = told;
  const back = `restore it with the program that made it (${String(program)}), or a newer one`;
  if (typeof format === 'number' && format > snapshotFormat)
    throw new PortreeveError(
      'PDP_FORMAT_NEWER',
      `${path} has snapshot format ${format}, this program knows formats up to ${snapshotFormat}: ${back}`,
    );
  if (typeof ofStore === 'number' && ofStore > storeFormat)
    throw new PortreeveError(
      'PDP_STORE_NEWER',
      `${path} holds a state of format ${ofStore}, this program knows formats up to ${storeFormat}: ${back}`,
    );
}
