import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { createRoot, issueLeaf } from '../../src/ca/index.ts';
import { abusedServer, answered, comes, soak } from '../helpers/abused.ts';
import type { Abused } from '../helpers/abused.ts';
import { grpcHeaders, headers, rstStream } from '../helpers/http2-frames.ts';
import { valueOf } from '../helpers/prometheus.ts';
import { checkPath } from '../helpers/raw-grpc.ts';
import { rawHttp2 } from '../helpers/raw-http2.ts';
import type { RawHttp2 } from '../helpers/raw-http2.ts';
import { until } from '../helpers/server.ts';
import { day } from '../helpers/world-pki.ts';

/** Idle connections that one listener takes: 10,000 in the soak. */
const most = soak > 1 ? 10_000 : 200;
/** Longer than it takes to open them all. */
const idle = soak > 1 ? '90s' : '10s';

const folder = mkdtempSync(join(tmpdir(), 'portreeve-abuse-'));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));
const life = { notBefore: Date.now() - day, notAfter: Date.now() + day };

/** Certificates of the TLS listener and of who asks there. */
async function makeMesh() {
  const root = await createRoot({ subject: 'CN=Mesh Root', ...life });
  return {
    root,
    pdp: await issueLeaf(root, { subject: 'CN=pdp', san: { dns: ['pdp'] }, eku: ['serverAuth'], ...life }),
    pep: await issueLeaf(root, { subject: 'CN=pep', san: { dns: ['pep.mesh.example'] }, ...life }),
    stranger: await createRoot({ subject: 'CN=Stranger', ...life }),
  };
}
let mesh: Awaited<ReturnType<typeof makeMesh>>;

const server = abusedServer(
  (document) => {
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const parts = document['server'] as { listeners: object[]; connections?: object };
    parts.connections = {
      ...{ max: most, per_address: most / 2, setup: '1s', idle },
      resets: { burst: 3000, rate: 100 },
    };
    const tls = {
      certificate: file('pdp.pem', mesh.pdp.pem),
      key: file('pdp.key', mesh.pdp.privateKeyPem),
      client_cas: ['mesh'],
    };
    parts.listeners.push({ name: 'mesh', address: '127.0.0.1:0', tls });
    (document['peps'] as object[]).push({ name: 'meshed', match: { san: 'pep.mesh.example', ca: 'mesh' } });
    (document['trust'] as { pep_cas?: object }).pep_cas = [
      { name: 'mesh', file: file('mesh.pem', mesh.root.pem) },
    ];
  },
  async () => {
    mesh = await makeMesh();
  },
);

const asPep = () => ({
  ca: mesh.root.pem,
  cert: mesh.pep.pem,
  key: mesh.pep.privateKeyPem,
  servername: 'pdp',
});

async function open(abused: Abused): Promise<number> {
  return valueOf(await abused.server.metrics(), 'portreeve_connections', {}) ?? NaN;
}

test.serial('idle connections are taken up to a limit for each address and for all, and no more', (t) =>
  server.while(t, async (abused) => {
    const already = await open(abused);
    const from = async (localAddress: string, count: number): Promise<RawHttp2[]> => {
      const made: RawHttp2[] = [];
      for (let at = 0; at < count; at += 100) {
        const some = Array.from({ length: 100 }, () =>
          // One that is refused may be so before it is connected.
          abused.connect({ keep: false, localAddress }).catch(() => undefined),
        );
        made.push(...(await Promise.all(some)).filter((one) => one !== undefined));
      }
      return made;
    };
    const held = (all: readonly RawHttp2[]): number => all.filter((one) => !one.closed()).length;
    const first = await from('127.0.0.2', most / 2 + 100);
    await until(() => held(first) <= most / 2);
    t.true((await abused.ended('connections', 'address_full', 100)) >= 100);
    const second = await from('127.0.0.3', most / 2);
    const third = await from('127.0.0.4', 100);
    await until(() => held(first) + held(second) + held(third) <= most);
    t.true((await abused.ended('connections', 'listener_full', 100)) >= 100);
    // All of them have no call, and go in their time, without one of them being asked to.
    await Promise.all([...first, ...second, ...third].map((one) => one.ended));
    t.true((await abused.ended('connections', 'idle', 1)) > 0);
    await until(async () => (await open(abused)) <= already);
    const again = await abused.connect({ localAddress: '127.0.0.2' });
    await again.send(abused.call(1));
    t.true(await comes(again, () => answered(again, 1)), 'there is room again');
  }),
);

test.serial('no handshake, half of one, or a stranger’s: closed and counted', (t) =>
  server.while(t, async (abused) => {
    const address = abused.server.address('mesh');
    const before = await abused.ended('connections', 'handshake');
    const [host = '', port = ''] = address.split(':');
    const says = [
      Buffer.alloc(0),
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.from('16030100ff010000fb0303', 'hex'),
      Buffer.alloc(2000, 0xff),
    ];
    await Promise.all(
      says.map(
        (bytes) =>
          new Promise<void>((resolve) => {
            const socket = connect({ host, port: Number(port) }, () => socket.write(bytes));
            socket.resume();
            socket.on('error', () => undefined);
            socket.once('close', () => resolve());
          }),
      ),
    );
    const nobody = [
      { ca: mesh.root.pem, servername: 'pdp' },
      { ...asPep(), cert: mesh.stranger.pem, key: mesh.stranger.privateKeyPem },
    ];
    for (const tls of nobody) {
      const connection = await rawHttp2(t, address, { tls }).catch(() => undefined);
      await connection?.ended;
      t.is(connection?.frames.length ?? 0, 0);
    }
    const all = before + says.length + nobody.length;
    t.is(await abused.ended('connections', 'handshake', all), all);
  }),
);

test.serial('a PEP that takes calls back over TLS keeps its connection, and an attack loses it', (t) =>
  server.while(t, async (abused) => {
    const connection = await rawHttp2(t, abused.server.address('mesh'), { tls: asPep() });
    const takeBack = async (first: number, count: number): Promise<void> => {
      for (let at = 0; at < count && !connection.closed(); at += 1) {
        const stream = first + 2 * at;
        await connection.send(Buffer.concat([headers(stream, grpcHeaders(checkPath)), rstStream(stream)]));
      }
    };
    await takeBack(1, 1800);
    // What was read in one go counts as open for a moment, and further calls are refused.
    await pause(1000);
    await connection.send(abused.call(9001));
    t.true(await comes(connection, () => answered(connection, 9001)));
    await takeBack(9003, 20_000);
    await connection.ended;
    await until(
      async () =>
        (await abused.ended('connections', 'resets')) + (await abused.ended('connections', 'protocol')) > 0,
    );
    t.pass();
  }),
);
