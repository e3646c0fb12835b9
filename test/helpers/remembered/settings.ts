/** Changes of the configuration, by name and number, so that one run can make and take back any of them. */
import { formatInstant } from '../../../src/lib/clock.ts';
import type { EpochMs } from '../../../src/lib/clock.ts';
import { deviceId, firmware, hour } from '../world.ts';

type Section = Record<string, unknown>;

/** What changes reach into; beside it a document has whatever else a configuration may have. */
export interface Settled {
  [key: string]: unknown;
  readonly classes: { readonly meter: Section; readonly sensor: Section; readonly gateway: Section };
  readonly trust: {
    readonly anchors: (Section & { readonly revocation: Section })[];
    readonly intermediates: Section[];
    credential_optional?: boolean;
  };
  readonly peps: [Section, Section];
  readonly custom: Section;
  readonly attestation: { readonly verifiers: Section[] };
}

/** One change of a document; what ends is dated from when it was made. */
type Change = (document: Settled, at: EpochMs) => unknown;

const observed = [{ pep: 'envoy' }, { class: 'meter' }, { site: 'lyon' }, { site: 'nantes' }];

const broken = [
  { reasons: ['revocation.crl_stale', 'revocation.unknown'], classes: ['meter'] },
  { reasons: ['hold.device', 'hold.key', 'hold.class', 'hold.network'], devices: [deviceId('meter/1')] },
  { reasons: ['inventory.not_active', 'inventory.quarantined', 'network.not_allowed'], classes: ['meter'] },
];

function meter(fields: Readonly<Record<string, unknown>>): Change {
  return ({ classes }) => Object.assign(classes.meter, fields);
}

function fleetRevocation(fields: Readonly<Record<string, unknown>>): Change {
  return ({ trust }) => Object.assign(trust.anchors[0]?.revocation ?? {}, fields);
}

/** Every setting with what it may be beside what it is at the beginning. */
export const settings = {
  observe: observed.map(
    (target): Change =>
      (document, at) =>
        observing(document, target, at + hour),
  ),
  glass: broken.map(
    (rule): Change =>
      (document, at) =>
        breaking(document, rule, at),
  ),
  term: [meter({ ttl: '30s' }), meter({ ttl: '24h' }), meter({ session_limit: '1h' })],
  networks: [meter({ networks: ['10.20.9.0/24'] }), meter({ networks: [] })],
  binding: [meter({ binding: 'key' }), meter({ binding: 'certificate' }), meter({ issuers: ['cameras'] })],
  attestation: [
    meter({ attestation: 'required' }),
    meter({ attestation: { required: false, max_age: '5m' } }),
    meter({ attestation: { required: false, tier: 'warning' } }),
  ],
  sharing: [meter({ shared_use: 'deny' }), meter({ shared_use: 'ignore' })],
  lifetime: [meter({ renew_by_share: 0.5 }), meter({ renew_by_share: 0.02 }), meter({ max_lifetime: '30d' })],
  grace: [meter({ grace: { state: '2h' } }), meter({ grace: { state: '1h', sites: { lyon: '3h' } } })],
  clock: [meter({ clock_grace: '1h' }), meter({ clock_grace: '24h' })],
  firmware: [
    meter({ firmware: { required: true } }),
    meter({ firmware: { minimum: { 'meter-os': '2.0.0' } } }),
    meter({ firmware: { minimum: { 'meter-os': '1.0.0' }, rollback: 'accept' } }),
    meter({ firmware: { blocked: [firmware.good] } }),
  ],
  entitlements: [meter({ entitlements: ['telemetry:read'] }), meter({ assurance: 'attested' })],
  sensors: [
    ({ classes }) => Object.assign(classes.sensor, { ttl: '1m' }),
    ({ classes }) => Object.assign(classes.sensor, { assurance: 'device_proved' }),
    ({ classes }) => Object.assign(classes.gateway, { binding: 'key' }),
  ],
  revocation: [
    fleetRevocation({ required: false }),
    fleetRevocation({ grace: '0s' }),
    fleetRevocation({ grace: '90m' }),
    fleetRevocation({ max_age: '3h' }),
  ],
  anchors: [
    ({ trust }) => trust.intermediates.splice(1, 1),
    ({ trust }) => Object.assign(trust.intermediates[0] ?? {}, { name: 'meters-2' }),
    ({ trust }) => Object.assign(trust.anchors[0] ?? {}, { strict: true }),
    ({ trust }) => trust.anchors.splice(1, 1),
    ({ trust }) => (trust.credential_optional = true),
  ],
  peps: [
    ({ peps }) => Object.assign(peps[1], { may_assert_devices: false }),
    ({ peps }) => Object.assign(peps[0], { networks: ['10.20.0.0/24'] }),
    ({ peps }) => Object.assign(peps[0], { site: 'brest', zone: 'west' }),
    ({ peps }) => Object.assign(peps[0], { tenant: 'other' }),
    ({ peps }) => peps.pop(),
  ],
  custom: [
    ({ custom }) => (custom.zone = { header: 'x-elsewhere' }),
    ({ custom }) => (custom.owner = { inventory: 'owner' }),
  ],
  uses: [
    (document) => (document.shared_use = { window: '1h', moves: 1 }),
    (document) => (document.shared_use = { window: '1m', ipv4_prefix: 16 }),
  ],
  sources: [
    (document) =>
      (document.inventory = { sources: [{ name: 'erp', file: 'devices.ndjson', max_age: '1h' }] }),
  ],
  policy: [(document) => (document.policy = { max_age: '1h', grace: '30m' })],
  ocsp: [
    (document) => (document.revocation = { ocsp: { stapled: true } }),
    (document) => (document.revocation = { ocsp: { responders: [responder] } }),
    (document) =>
      (document.revocation = { ocsp: { stapled: true, responders: [{ ...responder, max_age: '1h' }] } }),
  ],
  verifier: [
    ({ attestation }) => Object.assign(attestation.verifiers[0] ?? {}, { max_age: '5m' }),
    ({ attestation }) => Object.assign(attestation.verifiers[0] ?? {}, { classes: ['camera'] }),
    ({ attestation }) => attestation.verifiers.splice(0),
  ],
  time: [(document) => (document.time = { tolerance: '1s' })],
} satisfies Readonly<Record<string, readonly Change[]>>;

export type SettingName = keyof typeof settings;
export const settingNames = Object.keys(settings) as readonly SettingName[];

const responder = { issuer: 'meters', url: 'http://ocsp.example/' };

/** Which of the settings is not as at the beginning, and since when. */
export interface Chosen {
  readonly option: number;
  readonly at: EpochMs;
}

/** Changes a document as it was chosen. */
export function applySettings(document: Settled, chosen: ReadonlyMap<SettingName, Chosen>): void {
  for (const [name, { option, at }] of chosen) {
    const options: readonly Change[] = settings[name];
    options[option % options.length]?.(document, at);
  }
}

/** When what was chosen begins or ends. */
export function endsOf({ at }: Chosen): readonly EpochMs[] {
  return [at, at + hour];
}

function observing(document: Settled, target: object, until: EpochMs): void {
  enforcementOf(document)['observe'] = [{ ...target, until: formatInstant(until) }];
}

function enforcementOf(document: Settled): Section {
  return (document['enforcement'] ??= {}) as Section;
}

/** It begins a minute after it was written down. */
function breaking(document: Settled, rule: object, at: EpochMs): void {
  const who = { who: 'night shift', why: 'case 17' };
  enforcementOf(document)['break_glass'] = [
    { ...rule, ...who, since: formatInstant(at + 60_000), until: formatInstant(at + hour) },
  ];
}
