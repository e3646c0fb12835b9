import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { noteSigner } from '../../../../src/audit/tlog/note.ts';
import { createRoot, issueLeaf } from '../../../../src/ca/index.ts';
import type { AuditAnchorConfig } from '../../../../src/config/types.ts';
import { systemClock } from '../../../../src/lib/clock.ts';
import { askWitness } from '../../../../src/server/audit/ask-witness.ts';
import { createObjectReader } from '../../../../src/server/audit/object-reader.ts';
import { objectName, putAnchor } from '../../../../src/server/audit/put-anchor.ts';
import { httpSource } from '../../../helpers/http-source.ts';
import { SeenLog, texts } from '../../../helpers/seen-log.ts';
import { smallWitness } from '../../../helpers/small-witness.ts';
import { temporaryFolder } from '../../../helpers/temporary-store.ts';

/** A web server's certificate by a CA of its own, and files of this CA and another one. */
async function webPki(t: ExecutionContext) {
  const folder = temporaryFolder(t);
  const now = Date.now();
  const life = { notBefore: now - 3_600_000, notAfter: now + 3_600_000 };
  const [ca, other] = [
    await createRoot({ subject: 'CN=Web Root', ...life }),
    await createRoot({ subject: 'CN=Other Root', ...life }),
  ];
  const leaf = await issueLeaf(ca, {
    ...{ subject: 'CN=localhost', san: { dns: ['localhost'] }, eku: ['serverAuth'], ...life },
  });
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  return {
    file,
    tls: { key: leaf.privateKeyPem, cert: leaf.pem },
    ca: file('ca.pem', ca.pem),
    other: file('other.pem', other.pem),
  };
}

const question = { now: Date.now, signal: new AbortController().signal };

test('a witness is asked over TLS, and only where its server chains to the CA that is configured for it', async (t) => {
  const { tls, ca, other } = await webPki(t);
  const log = new SeenLog().grow(...texts(5));
  const { handler, verifier } = smallWitness('witness.example/w', [log.verifier]);
  const server = await httpSource(t, handler, tls);
  const ask = (file: string | null): Promise<unknown> => {
    const witness = { key: verifier.text, url: server.origin, ca: file, interval: 1000, timeout: 5000 };
    return askWitness({ ...question, witness, verifier, log, known: null });
  };
  await t.throwsAsync(ask(other), { code: 'PDP_SOURCE_UNAVAILABLE' });
  await t.throwsAsync(ask(null), { code: 'PDP_SOURCE_UNAVAILABLE' });
  t.is(server.asked.length, 0);
  t.like(await ask(ca), { checkpoint: { size: 5 } });
});

test('a cosignature by another key than is configured is refused', async (t) => {
  const log = new SeenLog().grow(...texts(5));
  const { handler } = smallWitness('witness.example/w', [log.verifier]);
  const { verifier } = noteSigner('witness.example/w', generateKeyPairSync('ed25519').privateKey, 4);
  const server = await httpSource(t, handler);
  const witness = { key: verifier.text, url: server.origin, ca: null, interval: 1000, timeout: 5000 };
  await t.throwsAsync(askWitness({ ...question, witness, verifier, log, known: null }), {
    code: 'PDP_KEYS_INVALID',
  });
});

test('a checkpoint is put with the token of a file, and read back with it, with the time that the store tells', async (t) => {
  const { tls, ca, file } = await webPki(t);
  const objects = new Map<string, Buffer>();
  const server = await httpSource(
    t,
    (request, response) => {
      if (request.headers.authorization !== 'Bearer secret') return void response.writeHead(403).end();
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const path = request.url ?? '';
        if (request.method === 'PUT') {
          objects.set(path, Buffer.concat(chunks));
          return void response.writeHead(201, { 'content-length': 0 }).end();
        }
        const body = objects.get(path);
        if (body === undefined) return void response.writeHead(404).end();
        const headers = {
          'content-length': body.byteLength,
          ...(!path.includes('timeless') && { 'last-modified': 'Sun, 22 Nov 2026 06:00:00 GMT' }),
        };
        response.writeHead(200, headers).end(body);
      });
    },
    tls,
  );
  const checkpoint = new SeenLog().grow(...texts(9)).checkpoint();
  const anchor: AuditAnchorConfig = {
    ...{ name: 'vault', put: `${server.origin}/lyon/?zone=1`, ca, interval: 1000, timeout: 5000 },
    ...{ timestamp: null, timestamp_cas: null, timestamp_policy: null },
    headers_file: file('headers', '# token\nAuthorization: Bearer secret\n'),
  };
  const { line } = await putAnchor(anchor.put as string, { ...question, anchor, checkpoint });
  t.is(line.url, `${server.origin}/lyon/${objectName(checkpoint)}`);
  t.deepEqual([...objects.keys()], [`/lyon/${objectName(checkpoint)}?zone=1`]);

  const read = createObjectReader([anchor], systemClock);
  const at = Date.parse('2026-11-22T06:00:00Z');
  t.deepEqual(await read(line.url), { bytes: Buffer.from(line.checkpoint), at });
  t.is(await read(`${server.origin}/lyon/gone`), undefined);
  objects.set('/lyon/timeless?zone=1', Buffer.from('x'));
  const timeless = await read(`${server.origin}/lyon/timeless`);
  t.regex((timeless as { unread: string }).unread, /does not say since when/);
  t.notRegex((timeless as { unread: string }).unread, /zone=1/);
  // What the log names elsewhere is not asked for.
  const { length } = server.asked;
  t.deepEqual(await read(`${server.origin}/other/x`), {
    unread: 'its address is below no store that is trusted',
  });
  t.is(server.asked.length, length);
});

test('a store that does not answer is left alone after three times, and nothing of it counts', async (t) => {
  const server = await httpSource(t, () => undefined);
  await server.close();
  const store = { put: `${server.origin}/lyon/`, ca: null, headers_file: null, timeout: 1000 };
  const read = createObjectReader([store], systemClock);
  for (const name of ['a', 'b', 'c'])
    t.regex(((await read(`${server.origin}/lyon/${name}`)) as { unread: string }).unread, /ECONNREFUSED/);
  t.deepEqual(await read(`${server.origin}/lyon/d`), { unread: `${server.origin}/lyon/ was given up` });
});
