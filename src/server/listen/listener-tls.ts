import { constants, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:tls';
import type { SecureContextOptions, Server } from 'node:tls';
import type { Config, ListenerConfig } from '../../config/types.ts';
import type { Clock } from '../../lib/clock.ts';
import { PortreeveError, describeThrown } from '../../lib/errors.ts';
import { startWatching } from '../files/watch.ts';

export type TlsListenerConfig = ListenerConfig & { readonly tls: NonNullable<ListenerConfig['tls']> };

/** What a TLS listener is made from. */
export interface TlsSources {
  readonly config: () => Config;
  /** Bytes of the CAs' files that are in force, by path. */
  readonly certificates: () => ReadonlyMap<string, Uint8Array>;
  readonly listener: TlsListenerConfig;
}

/** How often certificate and key files are looked at (ms); events of the file system are faster. */
const pollMs = 1000;

/**
 * A TLS server that demands a client certificate of the listener's CAs. Only HTTP/2 is spoken. Throws
 * PDP_LISTEN_FAILED where the files cannot be read or do not fit each other.
 */
export function createTlsServer(from: TlsSources): Server {
  return createServer({
    ...materialOf(from),
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['h2'],
    handshakeTimeout: from.config().server.connections.setup,
  });
}

/**
 * Gives new connections the new certificate or key once their files have been replaced, and upon `refresh` the CAs
 * that have come into force; connections that are open stay as they are. Files that do not fit each other (a key replaced before its certificate) leave the old ones
 * in use and are told to `onProblem`; the next change tries again.
 */
export async function followTlsFiles(
  server: Server,
  from: TlsSources & { readonly clock: Clock },
  onProblem: (error: PortreeveError) => void,
): Promise<{ refresh(): void; stop(): void }> {
  const { listener } = from;
  const refresh = (): void => {
    try {
      server.setSecureContext(materialOf(from));
    } catch (thrown) {
      onProblem(
        new PortreeveError(
          'PDP_LISTEN_FAILED',
          `listener ${listener.name}: changed TLS files are not used: ${describeThrown(thrown)}`,
          { cause: thrown },
        ),
      );
    }
  };
  const watcher = await startWatching({
    paths: () => [listener.tls.certificate, listener.tls.key],
    pollMs,
    clock: from.clock,
    onChange: refresh,
  });
  return { refresh, stop: () => watcher.stop() };
}

function materialOf({ config, certificates, listener }: TlsSources): SecureContextOptions {
  try {
    return {
      cert: readFileSync(listener.tls.certificate),
      key: readFileSync(listener.tls.key),
      ca: caFiles(config(), listener).map((file) => pemOf(certificates().get(file), file)),
      minVersion: 'TLSv1.2',
      // A session that is resumed keeps the client's own certificate and forgets the CAs that it sent with it, and it was verified
      // by whichever CAs counted then: who belongs to a PEP by an intermediate of its own would be nobody from then on.
      secureOptions: constants.SSL_OP_NO_TICKET,
    };
  } catch (thrown) {
    throw new PortreeveError(
      'PDP_LISTEN_FAILED',
      `listener ${listener.name}: cannot read its TLS files: ${describeThrown(thrown)}`,
      { cause: thrown },
    );
  }
}

/** TLS takes PEM alone; CA files may be DER. */
function pemOf(bytes: Uint8Array | undefined, file: string): string {
  if (!bytes) throw new PortreeveError('PDP_INTERNAL', `the file of a CA was not read: ${file}`);
  return new X509Certificate(bytes).toString();
}

function caFiles(config: Config, listener: TlsListenerConfig): readonly string[] {
  return listener.tls.client_cas.map((name) => {
    const ca = config.trust.pep_cas.find((candidate) => candidate.name === name);
    if (ca) return ca.file;
    throw new PortreeveError(
      'PDP_CONFIG_INVALID',
      `listener ${listener.name} names the CA ${name}, which trust.pep_cas does not have`,
    );
  });
}
