import { connectionDocument } from '../../../api/connection-document.ts';
import { pepOf } from '../../../api/pep.ts';
import type { Config, PepConfig } from '../../../config/types.ts';
import { buildContext } from '../../../context/build.ts';
import { Refusal } from '../../../context/refusal.ts';
import type { ContextResult, Pep, RawConnection } from '../../../context/types.ts';
import { PortreeveError } from '../../../lib/errors.ts';
import { bytesOf } from '../issue/issuer.ts';
import type { CaseWords } from '../words.ts';

const defaultAddress = '10.20.0.7';

/** What a case presents, made real. */
export interface Presentation {
  /** The leaf, then what is sent with it; empty: none. */
  readonly chain: readonly Uint8Array[];
  /** The chain is the gateway's own. */
  readonly ofGateway: boolean;
  readonly token: string | undefined;
}

/** The connection of a case as its enforcement point tells it, built as any other. Throws PDP_CASES_INVALID, PDP_INPUT_MALFORMED. */
export async function connectionOf(
  words: CaseWords,
  shown: Presentation,
  config: Config,
): Promise<ContextResult> {
  const pep = askedBy(words.pep, config);
  if (words.request) return fromFile(words.request.file, pep, config);
  const { network = {} } = words;
  const connection = network.http || network.headers ? httpConnection : nativeConnection;
  const raw = connection(words, shown, pep, config);
  const document = connectionDocument(raw, config);
  if (!(document instanceof Refusal)) return buildContext(document ? { ...raw, document } : raw, config);
  const { field, problem } = document;
  return { ok: false, pep, door: raw.door, field, problem };
}

function askedBy(name: string | undefined, { peps }: Config): Pep {
  const entry: PepConfig | undefined = name === undefined ? peps[0] : peps.find((one) => one.name === name);
  if (entry) return pepOf(entry, 'tls', {});
  const known = peps.map((one) => one.name).join(', ');
  throw new PortreeveError(
    'PDP_CASES_INVALID',
    `no enforcement point ${JSON.stringify(name)}; there are ${known}`,
  );
}

function authenticatedBy(words: CaseWords, shown: Presentation): NonNullable<CaseWords['authenticated_by']> {
  if (words.authenticated_by) return words.authenticated_by;
  if (shown.ofGateway) return 'gateway_asserted';
  if (shown.chain.length > 0) return 'device_tls';
  return words.gateway ? 'gateway_asserted' : 'none';
}

function nativeConnection(words: CaseWords, shown: Presentation, pep: Pep): RawConnection {
  const { claims, gateway, attestation } = words;
  return {
    ...{ door: 'native', pep, ...common(words) },
    authenticatedBy: authenticatedBy(words, shown),
    ...(shown.chain.length > 0 && { certificate: { form: 'der', chain: shown.chain } }),
    ...(gateway && { gateway: gateway.id }),
    claims: { ...claims, ...(shown.token !== undefined && { attestation: shown.token }) },
    ...(attestation?.challenge !== undefined && { challenge: attestation.challenge }),
  };
}

const headerNames = {
  device_id: 'x-device-id',
  serial: 'x-device-serial',
  firmware_hash: 'x-firmware-hash',
  attestation: 'x-attestation',
} as const;

/** By the HTTP filter: the leaf alone, claims in headers, how the device was authenticated by the proxy's own word. */
function httpConnection(words: CaseWords, shown: Presentation, pep: Pep, config: Config): RawConnection {
  refuseIdle(words, shown);
  const { network = {}, gateway, attestation } = words;
  const { method = 'POST', host = 'upstream.example', path = '/' } = network.http ?? {};
  const claims = { ...words.claims, ...(shown.token !== undefined && { attestation: shown.token }) };
  const said = Object.entries(claims).map(([name, value]) => [
    headerOf(name as keyof typeof headerNames, config),
    value,
  ]);
  const [leaf] = shown.chain;
  return {
    ...{ door: 'ext_authz_http', pep, ...common(words), http: { method, host, path } },
    ...(leaf && { certificate: { form: 'url_pem', text: encodeURIComponent(pemOf(leaf)) } }),
    headers: new Map([...Object.entries(network.headers ?? {}), ...(said as [string, string][])]),
    contextExtensions: new Map([
      ...(authenticatedBy(words, shown) === 'gateway_asserted'
        ? [['portreeve.authenticated_by', 'gateway'] as const]
        : []),
      ...(gateway ? [['portreeve.gateway', gateway.id] as const] : []),
      ...(attestation?.challenge === undefined
        ? []
        : [['portreeve.challenge', attestation.challenge] as const]),
    ]),
  };
}

/** What this door has no word for: a proxy that has verified a certificate says so, and hands over the leaf alone. */
function refuseIdle({ authenticated_by: said, certificate }: CaseWords, { chain }: Presentation): void {
  const shown = chain.length > 0 ? 'device_tls' : 'none';
  const idle =
    said !== undefined && said !== 'gateway_asserted' && said !== shown
      ? `authenticated_by: ${said}`
      : certificate?.sends !== undefined && certificate.sends.length > 0
        ? 'certificate: sends'
        : undefined;
  if (idle === undefined) return;
  throw new PortreeveError(
    'PDP_CASES_INVALID',
    `${idle} would be without effect: with http or headers the connection comes by the HTTP door`,
  );
}

function headerOf(claim: keyof typeof headerNames, { claims }: Config): string {
  for (const source of claims[claim]) if ('header' in source) return String(source.header);
  return headerNames[claim];
}

function common({ network = {} }: CaseWords) {
  const { source_ip: address = defaultAddress, labels } = network;
  return {
    ...(address !== null && { sourceIp: address }),
    ...(network.destination !== undefined && { destination: network.destination }),
    ...(network.protocol !== undefined && { protocol: network.protocol }),
    ...(network.sni !== undefined && { sni: network.sni }),
    ...(network.connection_id !== undefined && { connectionId: network.connection_id }),
    ...(labels && { labels: new Map(Object.entries(labels)) }),
  };
}

function pemOf(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** A request as a door would get it. */
async function fromFile(file: string, pep: Pep, config: Config): Promise<ContextResult> {
  const request: unknown = JSON.parse(Buffer.from(bytesOf(file)).toString());
  const json = await import('../../../api/proto3-json.ts');
  if (typeof request === 'object' && request !== null && 'attributes' in request) {
    const { extAuthzDoor } = await import('../../../api/ext-authz/service.ts');
    return extAuthzDoor(config).build(json.decodeCheckRequestJson(request), pep, undefined);
  }
  const { decisionServiceDoor } = await import('../../../api/decision-service/service.ts');
  return decisionServiceDoor(config).build(json.decodeDecideRequestJson(request), pep, undefined);
}
