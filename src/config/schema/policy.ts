import { compatKeys } from './compat.ts';
import { choice, instant, integer, list, name, path, section, span, text } from './keys.ts';
import { paceKeys, urlKeys } from './sources.ts';

const bundles = { what: 'bundles', example: 'policy/bundle.tar.gz', interval: '1m', maxBytes: 16_777_216 };

/** One entry of `policy.sources` and of `policy.shadow.sources`. */
const source = section(
  'One place of a bundle. Exactly one of file, folder and url.',
  {
    name: name('Name in status, metrics and records; `bundle` and `default` are taken.', {
      example: 'head-office',
    }),
    file: path('Bundle (`.tar.gz`), watched.', { default: null, example: 'policy/bundle.tar.gz' }),
    folder: path('Folder that holds an unpacked bundle (`.manifest` and what stands beside it), watched.', {
      default: null,
      example: 'policy/bundle',
    }),
    ...urlKeys('https://bundles.example.org/bundles/portreeve.tar.gz'),
    ...paceKeys(bundles),
  },
  { required: ['name'] },
);

/** `policy.sources`: where bundles come from, the first ones first. */
const sources = list(
  'Where bundles come from, in the order of their priority: in force is that of the first source which has brought one and is not stale by its `max_age`. While there are sources, `bundle` is what is used until the first of them has brought one; where that is null, everything is denied until then.',
  source,
  { max: 16 },
);

const algorithms = ['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'EdDSA'];

/** `policy.signed_by`: whose bundles count. */
const signedBy = list(
  'Public keys of which one must have signed every bundle (`.signatures.json`), but for the default one that ships; empty = bundles need not be signed.',
  section(
    'One key.',
    {
      key_id: text(
        'Its name: the `keyid` that signatures carry (`policy build --key-id`, `opa sign` with a `keyid` claim).',
        { example: 'policy-2026' },
        128,
      ),
      file: path('The public key (PEM, or a JWK).', { example: 'keys/policy.pub.pem' }),
      algorithm: choice(
        'The one algorithm that it signs by.',
        { default: 'ES256', example: 'ES256' },
        algorithms,
      ),
      scope: text(
        'The scope that its signatures must name (`opa sign --claims-file`); null = they need name none.',
        { default: null, example: 'production' },
      ),
    },
    { required: ['key_id', 'file'] },
  ),
  {
    max: 16,
    example: [{ key_id: 'policy-2026', file: 'keys/policy.pub.pem', algorithm: 'ES256', scope: null }],
  },
);

/** `policy.shadow`: a second bundle that is asked beside the one in force. */
const shadow = section(
  'A second bundle beside the one in force, for a trial: it is asked about decisions that were answered, and what it would have answered is counted and recorded where it differs. It changes no answer. Its signature and self-test count as those of any bundle.',
  {
    bundle: path('Bundle (`.tar.gz`), watched. `bundle` or `sources` must be there.', {
      default: null,
      example: 'policy/next.tar.gz',
    }),
    sources: list(
      'Where it comes from, in the order of their priority, as in `policy.sources`; `bundle` is the last of them.',
      source,
      { max: 16 },
    ),
    share: {
      type: 'number',
      minimum: 0.0001,
      maximum: 1,
      default: 1,
      description:
        "Share of the decisions that it is asked about, chosen by the decision's id, so that every process chooses the same ones.",
      examples: [0.1],
    },
    until: instant('When it ends by itself; null = it goes on until it is taken away.', {
      default: null,
      example: '2027-01-31T00:00:00Z',
    }),
  },
  { nullable: true },
);

/** `policy`: which bundle is in force. */
export const policy = section('The policy.', {
  bundle: path('Bundle (`.tar.gz`) with the compiled policy; null = the default policy that ships.', {
    default: null,
    example: 'policy/bundle.tar.gz',
  }),
  ...compatKeys,
  sources,
  signed_by: signedBy,
  max_age: span(
    "How long after its source last said that it is the newest a bundle decides as if it were; after that `policy.grace` counts, and then every decision is a denial as our fault (`policy.bundle_stale`). null = however old it is. The default policy and a pinned bundle don't age.",
    { default: null, example: '24h' },
    ['1m', '400d'],
  ),
  grace: span(
    'How long after `policy.max_age` decisions go on by the old bundle, each with the warning `policy.stale_within_grace`.',
    { default: '0s', example: '72h' },
    ['0s', '400d'],
  ),
  keep: integer('Bundles that are kept for `policy rollback`.', { default: 10, example: 10 }, 2, 100),
  self_test_timeout: span(
    'Most time for the self-test of a bundle, in a process of its own; one that is not done then is refused.',
    { default: '10s', example: '10s' },
    ['100ms', '10m'],
  ),
  shadow,
});
