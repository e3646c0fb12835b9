import type { DecideRequest } from '../../src/api/decision-service/wire.ts';
import type { CheckRequest } from '../../src/api/ext-authz/wire.ts';
import { sha256Hex } from '../../src/lib/bytes.ts';
import { shown, wordsOf as certificateWords } from './case-certificates.ts';
import type { Shown } from './case-certificates.ts';
import { doorTable } from './case-files.ts';
import { stapledOf } from './case-ocsp.ts';
import { claimsOf } from './case-tokens.ts';
import { caseDoors } from './case-types.ts';
import type { Case, CaseConnection, CaseDoor } from './case-types.ts';

export type WireDoor = Exclude<CaseDoor, 'cli'>;

/** Whose messages a case is put into. */
export type RequestForm = Exclude<WireDoor, 'native_batch'>;

/** Envoy's among them, of its HTTP and of its network filter. */
export type CheckForm = Exclude<RequestForm, 'native'>;

/** What a case says of its connection, in the words of the table of doors. */
export function factsOf({ certificate, connection }: Case): readonly string[] {
  const { authenticated_by: by } = connection;
  // Who asks is the door's own affair, and how the device was authenticated is looked at below.
  const facts = new Set(Object.keys(connection).filter((key) => key !== 'pep' && key !== 'authenticated_by'));
  if (certificate !== undefined) facts.add('certificate');
  if (certificate !== undefined && certificateWords(certificate).with) facts.add('sent_chain');
  if (by === 'unspecified') facts.add('authenticated_by_unsaid');
  else if (by === 'none' && certificate !== undefined) facts.add('authenticated_by_contradiction');
  else if (by !== undefined) facts.add('authenticated_by');
  return [...facts];
}

/** The doors that carry all facts of a case and can meet its fault. */
export function doorsOf(one: Case): readonly CaseDoor[] {
  const facts = factsOf(one).map((fact) => {
    const doors = doorTable.facts[fact];
    if (!doors) throw new Error(`no row for ${fact} in the table of doors`);
    return doors;
  });
  const faults = one.fault === undefined ? caseDoors : (doorTable.faults[one.fault] ?? []);
  return caseDoors.filter((door) => [...facts, faults].every((doors) => doors.includes(door)));
}

/** Whose request the command line is given. */
export function formOf(one: Case): RequestForm {
  const facts = factsOf(one);
  const forms = ['native', 'ext_authz_http', 'ext_authz_l4'] as const;
  const form = forms.find((name) => facts.every((fact) => doorTable.facts[fact]?.includes(name)));
  if (!form) throw new Error(`no request carries ${facts.join(', ')}`);
  return form;
}

const defaultAddress = '10.20.0.7';

/** The address that the caller names; undefined where the case says that it names none. */
function addressOf({ source_ip: address = defaultAddress }: CaseConnection): string | undefined {
  return address ?? undefined;
}

export async function decideRequest(one: Case): Promise<DecideRequest> {
  const { certificate, connection } = one;
  const device = certificate === undefined ? undefined : await shown(certificate);
  const { gateway, destination, sni, labels, connection_id: id, attestation_challenge } = connection;
  const claims = await claimsOf(one);
  const stapled = await stapledOf(one);
  const address = addressOf(connection);
  const by = connection.authenticated_by ?? (device ? 'device_tls' : 'none');
  return {
    authenticated_by: `AUTHENTICATED_BY_${by.toUpperCase()}`,
    ...(device && { peer_chain: [device.der, ...device.with.map(({ der }) => der)] }),
    ...(gateway !== undefined && { gateway }),
    ...(claims && { claims }),
    ...(address !== undefined && { source_ip: address }),
    ...(destination !== undefined && { destination }),
    ...(sni !== undefined && { sni }),
    ...(labels && { labels }),
    ...(id !== undefined && { connection_id: id }),
    ...(attestation_challenge !== undefined && { attestation_challenge }),
    ...(stapled && { stapled_ocsp: stapled }),
  };
}

export async function checkRequest(one: Case, door: CheckForm): Promise<CheckRequest> {
  const { certificate } = one;
  const claims = await claimsOf(one);
  const connection: CaseConnection = { ...one.connection, ...(claims && { claims }) };
  const device = certificate === undefined ? undefined : await shown(certificate);
  const address = addressOf(connection);
  const { destination, labels, sni, metadata } = connection;
  return {
    attributes: {
      source: {
        ...(address !== undefined && { address: socketAddress(address, 40_001) }),
        ...(device && { certificate: encodeURIComponent(device.pem) }),
      },
      destination: {
        ...(destination !== undefined && { address: socketAddress(destination, 8443) }),
        ...(labels && { labels }),
      },
      request: door === 'ext_authz_http' ? { http: await httpPart(connection) } : {},
      context_extensions: extensionsOf(connection, door),
      ...(sni !== undefined && { tls_session: { sni } }),
      ...(metadata && { metadata_context: { filter_metadata: structs(metadata) } }),
    },
  };
}

function socketAddress(address: string, port: number) {
  return { socket_address: { address, port_value: port } };
}

const claimHeaders = {
  device_id: 'x-device-id',
  serial: 'x-device-serial',
  firmware_hash: 'x-firmware-hash',
  attestation: 'x-attestation',
} as const;

async function httpPart(connection: CaseConnection) {
  const headers: Record<string, string> = { ...connection.headers };
  for (const [claim, value] of Object.entries(connection.claims ?? {}))
    headers[claimHeaders[claim as keyof typeof claimHeaders]] = value;
  if (connection.forwarded) {
    const { certificate, as } = connection.forwarded;
    headers['x-forwarded-client-cert'] = forwardedHeader(await shown(certificate), as);
  }
  const { method = 'POST', host = 'upstream.example', path = '/readings' } = connection.http ?? {};
  return { id: 'request-1', method, host, path, protocol: 'HTTP/2', headers };
}

function forwardedHeader(device: Shown, as: NonNullable<CaseConnection['forwarded']>['as']): string {
  const hash = `Hash=${sha256Hex(device.der)}`;
  const cert = `Cert="${encodeURIComponent(device.pem)}"`;
  const chain = `Chain="${encodeURIComponent([device, ...device.with].map(({ pem }) => pem).join(''))}"`;
  switch (as) {
    case 'cert':
      return `By=spiffe://fleet.example/proxy;${hash};${cert};Subject="CN=whoever, O=\\"quoted\\""`;
    case 'chain':
      return `${hash};${cert};${chain}`;
    case 'hash_only':
      return hash;
    case 'wrong_hash':
      return `Hash=${'00'.repeat(32)};${cert}`;
    case 'twice':
      return `${hash};${cert},${hash};${cert}`;
  }
}

/** The proxy's own configuration says when a gateway speaks; on L4 claims come by it as well. */
function extensionsOf(connection: CaseConnection, door: CheckForm): Readonly<Record<string, string>> {
  const { authenticated_by: by, gateway, claims, context_extensions: extensions } = connection;
  const { attestation_challenge: challenge } = connection;
  return {
    ...(door === 'ext_authz_l4' ? claims : {}),
    ...(by === 'gateway_asserted' && { 'portreeve.authenticated_by': 'gateway' }),
    ...(gateway !== undefined && { 'portreeve.gateway': gateway }),
    ...(challenge !== undefined && { 'portreeve.challenge': challenge }),
    ...extensions,
  };
}

function structs(metadata: NonNullable<CaseConnection['metadata']>) {
  const struct = (texts: Readonly<Record<string, string>>) => ({
    fields: Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, { stringValue: text }])),
  });
  return Object.fromEntries(Object.entries(metadata).map(([name, texts]) => [name, struct(texts)]));
}
