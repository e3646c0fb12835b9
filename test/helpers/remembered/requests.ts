/** Connections as enforcement points tell them: bytes of requests, by door. */
import { messageCodec } from '../../../src/api/load-protos.ts';
import type { Leaf } from '../../../src/ca/index.ts';
import { deviceId, firmware } from '../world.ts';
import type { Fleet } from './fleet.ts';

/** One request, and the enforcement point that asks it. */
export interface Asked {
  readonly name: string;
  readonly pep: 'envoy' | 'edge';
  readonly door: 'native' | 'ext_authz';
  readonly bytes: Uint8Array;
}

const codecs = {
  native: messageCodec<object>('portreeve.v1.DecideRequest'),
  ext_authz: messageCodec<object>('envoy.service.auth.v3.CheckRequest'),
};

/** What all of the connections are that a run may make. */
export function requestsOf({ leaves, stranger, tokens, staples }: Fleet): readonly Asked[] {
  const good = { firmware_hash: firmware.good };
  return [
    native('meter', { ...tls(leaves.meter), claims: good }),
    native('meter, serial', { ...tls(leaves.meter), claims: { serial: 'SN-0001' } }),
    native('meter, another address', { ...tls(leaves.meter), claims: good, source_ip: '10.20.9.9' }),
    native('meter, from outside', { ...tls(leaves.meter), claims: good, source_ip: '192.0.2.1' }),
    native('meter, destination', { ...tls(leaves.meter), destination: 'broker:8883', protocol: 'mqtt' }),
    native('meter, blocked firmware', { ...tls(leaves.meter), claims: { firmware_hash: firmware.bad } }),
    native('meter, older firmware', { ...tls(leaves.meter), claims: { firmware_hash: firmware.unheardOf } }),
    ...['token', 'older', 'measured', 'warning'].map((name) =>
      native(`meter, ${name}`, {
        ...tls(leaves.meter),
        claims: { attestation: tokens[name as keyof typeof tokens] },
      }),
    ),
    native("twin, meter's token", { ...tls(leaves.twin), claims: { attestation: tokens.token } }),
    native('meter, stapled good', { ...tls(leaves.meter), stapled_ocsp: staples.good }),
    native('meter, stapled revoked', { ...tls(leaves.meter), stapled_ocsp: staples.revoked }),
    native('meter through edge', { ...tls(leaves.meter), claims: good }, 'edge'),
    native('ending', { ...tls(leaves.ending), claims: good }),
    native('coming', { ...tls(leaves.coming), claims: good }),
    native('twin', { ...tls(leaves.twin), claims: good }),
    native('fresh', tls(leaves.fresh)),
    native('camera', tls(leaves.camera)),
    native('camera, labelled', { ...tls(leaves.camera), labels: { line: 'north' } }),
    native('gateway', tls(leaves.gateway)),
    native('sensor behind gateway', {
      ...tls(leaves.gateway),
      ...asserted,
      gateway: deviceId('gateway/1'),
      claims: { device_id: deviceId('sensor/1') },
    }),
    native('meter behind gateway', {
      ...tls(leaves.gateway),
      ...asserted,
      gateway: deviceId('gateway/1'),
      claims: { device_id: deviceId('meter/1') },
    }),
    native('sensor behind edge', { ...asserted, ...claiming('sensor/1') }, 'edge'),
    native('camera behind edge', { ...asserted, ...claiming('camera/1') }, 'edge'),
    native('nobody', { authenticated_by: 'AUTHENTICATED_BY_NONE', source_ip: '10.20.0.7' }),
    native('retired', { ...tls(leaves.retired), claims: good }),
    native('legacy', { ...tls(leaves.legacy), claims: good }),
    native('stranger', { ...tls(stranger), claims: good }),
    http('meter, proxied', leaves.meter, { 'x-firmware-hash': firmware.good }),
    http('meter, zone a', leaves.meter, { 'x-zone': 'a' }),
    http('meter, zone b', leaves.meter, { 'x-zone': 'b' }),
    http('meter, zone b, other path', leaves.meter, { 'x-zone': 'b' }, '/firmware?x=1'),
    http('meter, proxied token', leaves.meter, { 'x-attestation': tokens.token }),
    plain('meter, plain connection', leaves.meter),
    plain('camera, plain connection', leaves.camera),
  ];
}

const asserted = { authenticated_by: 'AUTHENTICATED_BY_GATEWAY_ASSERTED', source_ip: '10.20.0.7' };

function claiming(name: string) {
  return { claims: { device_id: deviceId(name) } };
}

function tls({ der }: Leaf) {
  return { peer_chain: [der], authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS', source_ip: '10.20.0.7' };
}

function native(name: string, request: object, pep: Asked['pep'] = 'envoy'): Asked {
  return { name, pep, door: 'native', bytes: codecs.native.encode(request) };
}

function http(
  name: string,
  { pem }: Leaf,
  headers: Readonly<Record<string, string>>,
  path = '/readings',
): Asked {
  const request = { http: { method: 'POST', host: 'upstream.example', path, protocol: 'HTTP/2', headers } };
  return proxied(name, pem, { request });
}

function plain(name: string, { pem }: Leaf): Asked {
  return proxied(name, pem, {});
}

function proxied(name: string, pem: string, more: object): Asked {
  const address = { socket_address: { address: '10.20.0.7', port_value: 40_000 } };
  const source = { address, certificate: encodeURIComponent(pem) };
  const destination = { address: { socket_address: { address: '10.1.0.1', port_value: 443 } } };
  const bytes = codecs.ext_authz.encode({ attributes: { source, destination, ...more } });
  return { name, pep: 'envoy', door: 'ext_authz', bytes };
}
