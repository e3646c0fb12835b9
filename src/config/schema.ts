import { path, section, text, type Schema } from './schema/keys.ts';
import { attestation } from './schema/attestation.ts';
import { audit } from './schema/audit.ts';
import { index } from './schema/record-index.ts';
import { classes } from './schema/classes.ts';
import { compat } from './schema/compat.ts';
import { enforcement } from './schema/enforcement.ts';
import { inventory } from './schema/inventory.ts';
import { observed, sharedUse, time } from './schema/observed.ts';
import { policy } from './schema/policy.ts';
import { claims, custom, wire } from './schema/requests.ts';
import { peps, server } from './schema/server.ts';
import { revocation, trust } from './schema/trust.ts';

/** The configuration's format that this program reads. */
export const configVersion = 1;

/**
 * The one JSON Schema (2020-12) of the configuration file: `config schema` prints it, the loader compiles and
 * walks it, the reference page is generated from it.
 */
export const configSchema: Schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'urn:portreeve:configuration:1',
  title: 'Portreeve configuration',
  ...section(
    'One YAML file. Relative paths are relative to its folder, lengths of time look like `150ms`, `30s`, `12h` or `1h30m`, instants are RFC 3339. Secrets are files that it names; it holds none itself.',
    {
      version: {
        type: 'integer',
        const: configVersion,
        description: "The file's format.",
        examples: [configVersion],
      },
      site: text('Site of this installation, in every record.', { default: null, example: 'lyon' }, 64),
      state: section('Inventory, revocation state and their changes.', {
        path: path('SQLite file; made when it is not there.', { default: 'state.db', example: 'state.db' }),
      }),
      server,
      peps,
      trust,
      revocation,
      attestation,
      inventory,
      classes,
      limits: section('What one command may do.', {
        max_lockout: {
          type: ['string', 'integer'],
          pattern: '^(100|[0-9]{1,2}([.][0-9]{1,4})?)%$',
          minimum: 0,
          maximum: 999_999_999,
          default: '1%',
          description:
            'Active devices that one hold, import or source may keep out: a share of them (`1%`; one device always may) or a number. Beyond it a command needs the number worked out, typed as `--lockout N`, and a source is refused.',
          examples: ['1%'],
        },
      }),
      observed,
      shared_use: sharedUse,
      time,
      policy,
      compat,
      claims,
      custom,
      wire,
      enforcement,
      audit,
      index,
    },
    { required: ['version', 'server', 'peps', 'trust'] },
  ),
};
