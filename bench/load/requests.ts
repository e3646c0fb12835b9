import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { fromPem } from './pem.ts';

export const firmware = 'a1'.repeat(32);

/** One connection as an enforcement point tells of it. Whatever is not given differs from request to request, as it does in life. */
export interface Connection {
  /** The certificate that was shown, PEM. */
  readonly pem: string;
  readonly from: string;
  /** Digest of the firmware that the device says it runs. */
  readonly firmware?: string;
  /** Headers in all; 10 unless given. */
  readonly headers?: number;
  /** The device that the certificate's owner, a gateway, speaks for. */
  readonly child?: string;
}

const types = new protobuf.Root();
const folder = join(import.meta.dirname, '../../proto');
types.resolvePath = (_origin, target) => (target.startsWith('/') ? target : join(folder, target));
types.loadSync(['envoy/service/auth/v3/external_auth.proto', 'portreeve/v1/decision.proto']);
const checkType = types.lookupType('envoy.service.auth.v3.CheckRequest');
const decideType = types.lookupType('portreeve.v1.DecideRequest');
const batchType = types.lookupType('portreeve.v1.DecideBatchRequest');
let sent = 0;

/** What Envoy's HTTP filter sends: the URL-encoded PEM leaf, addresses, SNI and headers. */
export function encodeCheck(connection: Connection): Buffer {
  const number = (sent += 1);
  const path = `/v1/readings?window=15m&from=${number}`;
  const address = (ip: string, port: number): object => ({ socketAddress: { address: ip, portValue: port } });
  const message = checkType.fromObject({
    attributes: {
      source: {
        address: address(connection.from, 32_768 + (number % 28_000)),
        principal: 'CN=meter',
        certificate: encodeURIComponent(connection.pem),
      },
      destination: { address: address('10.4.0.9', 8443) },
      request: {
        http: {
          ...{
            id: String(9_812_300_000 + number),
            method: 'POST',
            path,
            host: 'ingest.example',
            scheme: 'https',
          },
          protocol: 'HTTP/2',
          headers: headersOf(connection, path),
        },
      },
      ...(connection.child && { contextExtensions: { 'portreeve.authenticated_by': 'gateway' } }),
      tlsSession: { sni: 'ingest.example' },
    },
  });
  return Buffer.from(checkType.encode(message).finish());
}

/** A CheckRequest in the JSON names that opa-envoy-plugin shows policies. */
export function decodeCheck(bytes: Uint8Array): object {
  return checkType.toObject(checkType.decode(bytes), { longs: String });
}

function headersOf({ from, child, headers = 10, ...said }: Connection, path: string): Record<string, string> {
  const usual = {
    ':authority': 'ingest.example',
    ':method': 'POST',
    ':path': path,
    ':scheme': 'https',
    'content-type': 'application/cbor',
    'user-agent': 'meter/4.2',
    'x-firmware-hash': said.firmware ?? firmware,
    'x-forwarded-for': from,
    'x-forwarded-proto': 'https',
    'x-request-id': randomUUID(),
    ...(child && { 'x-device-id': child }),
  };
  const more = Array.from({ length: Math.max(0, headers - Object.keys(usual).length) }, (_, index) => [
    `x-reading-${index}`,
    randomUUID(),
  ]);
  return { ...usual, ...(Object.fromEntries(more) as Record<string, string>) };
}

/** The same connection as a native `DecideRequest`. */
export function encodeDecide(connection: Connection): Buffer {
  return Buffer.from(decideType.encode(decideType.fromObject(decideObject(connection))).finish());
}

/** Connections of one `DecideBatch`. */
export function encodeBatch(connections: readonly Connection[]): Buffer {
  const message = batchType.fromObject({ connections: connections.map(decideObject) });
  return Buffer.from(batchType.encode(message).finish());
}

function decideObject({ pem, from, child, ...said }: Connection): object {
  return {
    peerChain: [fromPem(pem)],
    authenticatedBy: child ? 'AUTHENTICATED_BY_GATEWAY_ASSERTED' : 'AUTHENTICATED_BY_DEVICE_TLS',
    claims: { firmwareHash: said.firmware ?? firmware, ...(child && { deviceId: child }) },
    sourceIp: from,
    destination: '10.4.0.9:8443',
    protocol: 'http/2',
    sni: 'ingest.example',
    connectionId: randomUUID(),
  };
}
