import type { Leaf } from '../../src/ca/index.ts';
import type { AuthenticatedBy, ClaimName, Door, Pep, RawConnection } from '../../src/context/types.ts';

/** A connection in a few words; `rawConnection` says it in the words of a door. */
export interface Connection {
  readonly door?: Door;
  readonly pep: Pep;
  /** The leaf, or leaf and CAs as sent. Only the leaf fits through the ext_authz doors. */
  readonly shows?: Pick<Leaf, 'der' | 'pem'> | readonly Pick<Leaf, 'der' | 'pem'>[];
  /** By default `device_tls` with a certificate, `gateway_asserted` with a gateway or a claimed id alone, else `none`. */
  readonly authenticatedBy?: AuthenticatedBy;
  readonly gateway?: string;
  readonly claims?: Readonly<Partial<Record<ClaimName, string>>>;
  /** Anything else of the raw connection. */
  readonly also?: Partial<RawConnection>;
}

/** What the door would have decoded of this connection. */
export function rawConnection(connection: Connection): RawConnection {
  const { door = 'native' } = connection;
  return door === 'native' ? nativeConnection(connection) : proxiedConnection(connection, door);
}

function shown({ shows }: Connection): readonly Pick<Leaf, 'der' | 'pem'>[] {
  if (shows === undefined) return [];
  return Array.isArray(shows) ? (shows as readonly Leaf[]) : [shows as Leaf];
}

function authenticatedBy(connection: Connection): AuthenticatedBy {
  if (connection.authenticatedBy) return connection.authenticatedBy;
  if (connection.gateway !== undefined) return 'gateway_asserted';
  if (shown(connection).length > 0) return 'device_tls';
  return connection.claims?.device_id === undefined ? 'none' : 'gateway_asserted';
}

const sourceIp = '10.20.0.7';

function nativeConnection(connection: Connection): RawConnection {
  const { pep, gateway, claims } = connection;
  const chain = shown(connection).map((certificate) => certificate.der);
  return {
    door: 'native',
    pep,
    authenticatedBy: authenticatedBy(connection),
    sourceIp,
    ...(chain.length > 0 && { certificate: { form: 'der', chain } }),
    ...(gateway !== undefined && { gateway }),
    ...(claims && { claims }),
    ...connection.also,
  };
}

const headerOf: Readonly<Record<ClaimName, string>> = {
  device_id: 'x-device-id',
  serial: 'x-device-serial',
  firmware_hash: 'x-firmware-hash',
  attestation: 'x-attestation',
};

function proxiedConnection(connection: Connection, door: Exclude<Door, 'native'>): RawConnection {
  const { pep, gateway, claims = {} } = connection;
  const [leaf] = shown(connection);
  const said = Object.entries(claims) as [ClaimName, string][];
  const extensions = new Map<string, string>(door === 'ext_authz_l4' ? said : []);
  if (authenticatedBy(connection) === 'gateway_asserted')
    extensions.set('portreeve.authenticated_by', 'gateway');
  if (gateway !== undefined) extensions.set('portreeve.gateway', gateway);
  const http = door === 'ext_authz_http';
  return {
    door,
    pep,
    sourceIp,
    ...(leaf && { certificate: { form: 'url_pem', text: encodeURIComponent(leaf.pem) } }),
    contextExtensions: extensions,
    ...(http && {
      headers: new Map(said.map(([name, value]) => [headerOf[name], value])),
      http: { method: 'POST', host: 'upstream.example', path: '/readings' },
    }),
    ...connection.also,
  };
}
