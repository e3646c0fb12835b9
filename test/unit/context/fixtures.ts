import type { ContextSettings } from '../../../src/context/build.ts';
import type { ConnectionContext, ContextResult, Pep, RawConnection } from '../../../src/context/types.ts';

export const edge: Pep = {
  name: 'edge',
  tenant: 'default',
  authenticated_by: 'plaintext',
  may_assert_devices: false,
  may_send_xfcc: false,
  networks: [],
  trusted_hops: 0,
};

export const settings: ContextSettings = {
  attestation: {
    verifiers: [],
    challenge: [{ metadata: 'pep:challenge' }, { context_extension: 'challenge' }],
  },
  claims: {
    device_id: [{ header: 'X-Device-Id' }, { context_extension: 'device_id' }],
    serial: [{ header: 'x-device-serial' }],
    firmware_hash: [{ header: 'x-firmware-hash' }, { metadata: 'device:firmware.hash' }],
    attestation: [{ header: 'x-attestation' }],
  },
  custom: {},
};

/** An HTTP request with a certificate text that nothing here decodes. */
export function httpRequest(over: Partial<RawConnection> = {}): RawConnection {
  return {
    door: 'ext_authz_http',
    pep: edge,
    certificate: { form: 'url_pem', text: 'certificate' },
    headers: new Map(),
    sourceIp: '192.0.2.7',
    http: { method: 'GET', host: 'api.example', path: '/' },
    ...over,
  };
}

export function nativeRequest(over: Partial<RawConnection> = {}): RawConnection {
  return {
    door: 'native',
    pep: edge,
    certificate: { form: 'der', chain: [Uint8Array.of(1, 2, 3)] },
    authenticatedBy: 'device_tls',
    ...over,
  };
}

export function contextOf(result: ContextResult): ConnectionContext {
  if (result.ok) return result.context;
  throw new Error(`refused: ${result.field} ${result.problem}`);
}

export function refusedField(result: ContextResult): string | undefined {
  return result.ok ? undefined : result.field;
}
