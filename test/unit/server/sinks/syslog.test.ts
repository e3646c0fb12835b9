import { createServer } from 'node:tls';
import { copyFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { aboutOf } from '../../../../src/server/sinks/about.ts';
import { syslogFrame } from '../../../../src/server/sinks/syslog-message.ts';
import { ocsfProblems } from '../../../helpers/ocsf.ts';
import { until } from '../../../helpers/server.ts';
import { assertComplete, origin, sinkSite } from '../../../helpers/sinks.ts';
import type { Sent } from '../../../helpers/sinks.ts';
import { startSyslogReceiver } from '../../../helpers/syslog-receiver.ts';
import type { SyslogReceiver } from '../../../helpers/syslog-receiver.ts';
import { temporaryFolder } from '../../../helpers/temporary-store.ts';
import { tlsPki } from '../../../helpers/tls-pki.ts';

function sentTo({ messages }: SyslogReceiver): Sent[] {
  return messages.map(({ text }) => JSON.parse(text) as Sent);
}

test('a syslog server gets each record in a message of RFC 5424, framed as RFC 5425 has it', async (t) => {
  const [site, pki] = [await sinkSite(t), await tlsPki(t)];
  const receiver = await startSyslogReceiver(t, pki.server);
  await site.grow(300);
  const sinks = site.start({ syslog: `localhost:${receiver.port}`, ca: pki.ca });
  await site.caughtUp(sinks);
  t.deepEqual(receiver.problems, []);
  t.is(assertComplete(t, sentTo(receiver), site.entries), 0);
  t.is(receiver.connections, 1);
  const [started, first] = receiver.messages;
  // Facility 13; an act is a notice, an allow informational.
  t.like(started, { priority: 13 * 8 + 5, app: 'portreeve', procid: '-', msgid: 'act' });
  t.regex(started?.data ?? '', /^\[origin software="portreeve" swVersion="[\d.]+"\]\[meta sequenceId="1"\]$/);
  t.is(first?.msgid, 'decision');
  t.is(first?.time, (JSON.parse(site.entries[1] ?? '') as { time: string }).time);
});

test('a receiver that is killed and comes back misses no index, and knows duplicates by index and hash', async (t) => {
  const [site, pki] = [await sinkSite(t), await tlsPki(t)];
  const receiver = await startSyslogReceiver(t, pki.server);
  const sinks = site.start({ syslog: `localhost:${receiver.port}`, ca: pki.ca });
  await site.grow(400);
  receiver.breakAfter = 150;
  sinks.ask();
  await until(() => (sinks.views()[0]?.failures ?? 0) > 0);
  t.is(sinks.views()[0]?.next, 0, 'what a broken connection took does not count');
  await receiver.kill();
  await site.grow(100);
  const failed = sinks.views()[0]?.failed ?? 0;
  await until(() => {
    sinks.ask();
    return (sinks.views()[0]?.failed ?? 0) > failed;
  });
  t.like(sinks.views()[0], { next: 0, lag: 500 });
  receiver.breakAfter = undefined;
  await receiver.revive();
  await site.caughtUp(sinks);
  t.is(assertComplete(t, sentTo(receiver), site.entries), 150);
  t.deepEqual(receiver.problems, []);
});

test('a batch that fills every buffer on the way is sent whole, and leaves nothing behind', async (t) => {
  const [site, pki] = [await sinkSite(t), await tlsPki(t)];
  const receiver = await startSyslogReceiver(t, pki.server);
  const warnings: string[] = [];
  const note = ({ message }: Error): void => void warnings.push(message);
  process.on('warning', note);
  t.teardown(() => process.off('warning', note));
  const text = 'x'.repeat(20_000);
  await site.log.append(Array.from({ length: 300 }, (_, n) => JSON.stringify({ kind: 'act', n, text })));
  await site.log.integrate();
  const sinks = site.start({ syslog: `localhost:${receiver.port}`, ca: pki.ca });
  await until(() => sinks.views()[0]?.next === 300);
  t.deepEqual(
    sentTo(receiver).map(({ index }) => index),
    Array.from({ length: 300 }, (_, index) => index),
  );
  t.deepEqual(
    warnings.filter((warning) => warning.includes('listeners')),
    [],
  );
});

test('a server that ends the connection before it has everything has taken nothing', async (t) => {
  const [site, pki] = [await sinkSite(t), await tlsPki(t)];
  const server = createServer(pki.server, (socket) => socket.on('error', () => undefined).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  // More than one write takes, so that the end is seen before all of it is written.
  await site.grow(2000);
  const { port } = server.address() as AddressInfo;
  const sinks = site.start({ syslog: `localhost:${port}`, ca: pki.ca });
  await until(() => (sinks.views()[0]?.failures ?? 0) > 0);
  t.like(sinks.views()[0], { next: 0, sent: 0 });
});

test('a server that neither reads nor ends is given up after the timeout, and stopping does not wait', async (t) => {
  const [site, pki] = [await sinkSite(t), await tlsPki(t)];
  const server = createServer({ ...pki.server, allowHalfOpen: true }, (socket) => {
    socket.pause();
    t.teardown(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  await site.grow(3);
  const to = { syslog: `localhost:${(server.address() as AddressInfo).port}`, ca: pki.ca };
  const sinks = site.start({ ...to, timeout: 200 });
  await until(() => sinks.views()[0]?.failures === 1);
  t.regex(sinks.views()[0]?.error ?? '', /took longer than 200 ms/);
  const other = site.start({ ...to, name: 'other', timeout: 600_000 });
  await other.stop();
  t.is(other.views()[0]?.failures, 0);
});

test('only a server that chains to the configured CA is told anything, and it may ask for our certificate', async (t) => {
  const [site, pki] = [await sinkSite(t), await tlsPki(t)];
  const receiver = await startSyslogReceiver(t, {
    ...{ ...pki.server, ca: pki.caPem, requestCert: true, rejectUnauthorized: true },
  });
  await site.grow(2);
  const syslog = `localhost:${receiver.port}`;
  const refused = [
    { syslog, ca: pki.other, ...pki.client },
    { syslog, ca: null, ...pki.client },
    { syslog: `127.0.0.1:${receiver.port}`, ca: pki.ca, ...pki.client },
    { syslog, ca: pki.ca },
  ];
  for (const [place, one] of refused.entries()) {
    const sinks = site.start({ name: `refused-${place}`, ...one });
    await until(() => sinks.views()[0]?.failures === 1);
    await sinks.stop();
  }
  t.deepEqual(receiver.messages, []);
  const sinks = site.start({ syslog, ca: pki.ca, ...pki.client });
  await site.caughtUp(sinks);
  t.is(assertComplete(t, sentTo(receiver), site.entries), 0);
  t.true(receiver.clients.includes('pdp-1'));
});

test('a server whose CA is trusted no longer gets nothing more, whatever it was told before', async (t) => {
  const [site, pki] = [await sinkSite(t), await tlsPki(t)];
  const receiver = await startSyslogReceiver(t, pki.server);
  const ca = join(temporaryFolder(t), 'ca.pem');
  copyFileSync(pki.ca, ca);
  await site.grow(2);
  const sinks = site.start({ syslog: `localhost:${receiver.port}`, ca });
  await site.caughtUp(sinks);
  await site.grow(2);
  await site.caughtUp(sinks);
  copyFileSync(pki.other, ca);
  await site.grow(2);
  await until(() => (sinks.ask(), (sinks.views()[0]?.failures ?? 0) > 0 || sinks.views()[0]?.lag === 0));
  t.is(receiver.messages.length, 4);
});

test('of a record that is longer than the receiver takes its place is sent, so that no index is missing', async (t) => {
  const [site, pki] = [await sinkSite(t), await tlsPki(t)];
  const receiver = await startSyslogReceiver(t, pki.server);
  await site.log.append([JSON.stringify({ kind: 'act', text: 'x'.repeat(5000) })]);
  await site.log.integrate();
  const sinks = site.start({ syslog: `localhost:${receiver.port}`, ca: pki.ca, max_message: 2048 });
  await until(() => sinks.views()[0]?.next === 1);
  t.like(sentTo(receiver)[0], { log: origin, index: 0, kind: 'act', record: null, record_bytes: 5024 });
});

test('the place of such a record is an OCSF event too, where such are sent, with as much of it as fits', async (t) => {
  const [site, pki] = [await sinkSite(t), await tlsPki(t)];
  const receiver = await startSyslogReceiver(t, pki.server);
  const device = (length: number): string =>
    JSON.stringify({
      kind: 'decision',
      outcome: 'deny',
      device_id: 'ä'.repeat(length),
      why: 'x'.repeat(5000),
    });
  await site.log.append([device(10), device(3000)]);
  await site.log.integrate();
  const sinks = site.start({
    ...{ syslog: `localhost:${receiver.port}`, ca: pki.ca, format: 'ocsf', max_message: 2048 },
  });
  await until(() => sinks.views()[0]?.next === 2);
  t.deepEqual(receiver.problems, []);
  const events = receiver.messages.map(({ text }) => JSON.parse(text) as Record<string, unknown>);
  for (const event of events) t.deepEqual(ocsfProblems(event), []);
  t.like(events[0], { class_uid: 3002, user: { uid: 'ä'.repeat(10) } });
  t.like(events[0], { metadata: { is_truncated: true, untruncated_size: Buffer.byteLength(device(10)) } });
  t.like(events[1], { class_uid: 0, metadata: { sequence: 1, is_truncated: true } });
});

test('lengths are in octets, what is not ASCII begins with a mark, and fields hold printable ASCII alone', (t) => {
  const about = aboutOf(
    Buffer.from('{"kind":"decision","outcome":"deny","time":"2026-11-01T00:00:00.000Z"}'),
  );
  const header = { facility: 10, hostname: 'pdp ä1', index: 2_147_483_646, about };
  const text = syslogFrame(header, '{"a":"ä"}').toString();
  t.regex(text, /^\d+ <84>1 2026-11-01T00:00:00\.000Z pdp1 portreeve - decision /);
  t.true(text.endsWith('[meta sequenceId="2147483647"] \ufeff{"a":"ä"}'));
  t.is(Number(text.split(' ')[0]), Buffer.byteLength(text.slice(text.indexOf(' ') + 1)));
  const plain = syslogFrame({ ...header, index: 2_147_483_647 }, '{}').toString();
  t.true(plain.endsWith('[meta sequenceId="1"] {}'));
});
