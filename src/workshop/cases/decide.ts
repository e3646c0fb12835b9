import { parseCertificate } from '../../identity/parse.ts';
import type { Certificate } from '../../identity/types.ts';
import { damaged } from './issue/faults.ts';
import { certificatesIn, type Issuer } from './issue/issuer.ts';
import type { CaseResult } from './types.ts';
import { connectionOf } from './world/connection.ts';
import { deviceRecord, inventoryOf } from './world/devices.ts';
import { addHolds, holdOf } from './world/holds.ts';
import type { PlannedCase, Presented } from './world/plan.ts';
import { tokenOf } from './world/tokens.ts';
import type { World } from './world/world.ts';
import type { CaseWords, ProfileWord } from './words.ts';

/** A chain as it is shown, and the leaf as it was before anything was done to its bytes. */
interface Shown {
  readonly chain: readonly Uint8Array[];
  readonly leaf: Certificate | undefined;
}

/** Decides one case in its world by the program's whole flow. Throws PDP_CASES_INVALID for words that cannot be made real. */
export async function decideCase(planned: PlannedCase, world: World, issuer: Issuer): Promise<CaseResult> {
  const { loaded, plan } = planned;
  const { words, at } = loaded;
  const device = await shownBy(planned.certificate, planned, issuer);
  const gateway = await shownBy(planned.gatewayCertificate, planned, issuer);
  const shown = gateway.chain.length > 0 ? gateway : device;
  const token = words.attestation
    ? await tokenOf(words.attestation, plan.verifiers, plan.times, device.leaf?.spki)
    : undefined;
  const built = await connectionOf(
    words,
    { chain: shown.chain, ofGateway: gateway.chain.length > 0, token },
    world.config,
  );
  const deviceId = idOf(words, planned.certificate, device.leaf);
  const tenant = built.ok ? built.context.tenant : built.pep.tenant;
  const inventory = inventoryOf(
    records(words, { id: deviceId, leaf: device.leaf }, gateway.leaf, at).map((record) => ({
      tenant,
      record,
    })),
  );
  const lift = addHolds(
    world.store,
    [...(words.holds ?? []), ...holdOf(words.certificate ?? {}), ...holdOf(words.gateway?.certificate ?? {})],
    {
      ...{ tenant, authorities: world.authorities, deviceId },
      self: shown.leaf && { ...shown.leaf, issuerKey: issuerKeyOf(planned, world) },
    },
    at,
  );
  try {
    const made = await world.decide(built, at, inventory);
    const { decision, input, verdict, facts, document } = made;
    const seen = { decision, input, verdict, facts, classes: world.config.classes };
    return document ? { ...seen, document } : seen;
  } finally {
    lift();
  }
}

async function shownBy(
  presented: Presented | undefined,
  { plan }: PlannedCase,
  issuer: Issuer,
): Promise<Shown> {
  if (!presented) return { chain: [], leaf: undefined };
  if (presented.file !== undefined) {
    const chain = certificatesIn(presented.file);
    return { chain, leaf: parsed(chain[0]) };
  }
  const { words, profile, authorities } = presented;
  const { der } = await issuer.leaf(words, profile, authorities, plan.times);
  const sent = await Promise.all(
    (words.sends ?? []).map(async (name) => (await issuer.authority(name, authorities, plan.times)).der),
  );
  return { chain: [damaged(der, words.fault), ...sent], leaf: parsed(der) };
}

/** Real material may be no certificate at all. */
function parsed(der: Uint8Array | undefined): Certificate | undefined {
  try {
    return der && parseCertificate(der);
  } catch {
    return undefined;
  }
}

function records(
  words: CaseWords,
  { id, leaf }: { readonly id: string | undefined; readonly leaf: Certificate | undefined },
  gatewayLeaf: Certificate | undefined,
  at: number,
) {
  const own = words.device ? [{ ...(id !== undefined && { device_id: id }), ...words.device }] : [];
  const { gateway } = words;
  const gateways = gateway?.device ? [{ device_id: gateway.id, ...gateway.device }] : [];
  return [
    ...[...own, ...(words.devices ?? [])].map((row) => deviceRecord(row, leaf, at)),
    ...gateways.map((row) => deviceRecord(row, gatewayLeaf, at)),
  ];
}

/** The id that the device's certificate says, or that is claimed. */
function idOf(
  { claims }: CaseWords,
  presented: Presented | undefined,
  leaf: Certificate | undefined,
): string | undefined {
  if (presented && presented.file === undefined) return profileId(presented, leaf);
  return presented?.words.id ?? claims?.device_id;
}

function profileId(
  { words: { id }, profile }: Extract<Presented, { readonly profile: ProfileWord }>,
  leaf: Certificate | undefined,
): string | undefined {
  switch (profile) {
    case 'aws_iot':
      return leaf?.fingerprint;
    case 'matter_dac':
      return leaf && id && `${id.toUpperCase()}-${leaf.keyDigest}`;
    case 'azure_dps':
      return id?.toLowerCase();
    default:
      return id;
  }
}

function issuerKeyOf({ certificate, gatewayCertificate }: PlannedCase, world: World): string | undefined {
  const presented = gatewayCertificate ?? certificate;
  if (!presented || presented.file !== undefined) return undefined;
  const der = world.authorities.get(presented.words.issuer);
  return der && parseCertificate(der).keyDigest;
}
