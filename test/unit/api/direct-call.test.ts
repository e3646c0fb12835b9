import { connect, constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { answerDirectly } from '../../../src/api/direct-call.ts';
import type { UnaryCall, UnaryHandler } from '../../../src/api/direct-call.ts';
import { until } from '../../helpers/server.ts';

const asIs = (bytes: Buffer): Buffer => bytes;
const unary = { requestStream: false, responseStream: false };
const codecs = {
  ...{ requestSerialize: asIs, requestDeserialize: asIs },
  ...{ responseSerialize: asIs, responseDeserialize: asIs },
};

/** One method that is answered directly and one that is the library's, which says so. */
async function serve(t: ExecutionContext, handler: UnaryHandler): Promise<ClientHttp2Session> {
  const server = new Server({ interceptors: [answerDirectly(new Map([['/s/Direct', handler]]))] });
  const definition = {
    Direct: { path: '/s/Direct', ...unary, ...codecs },
    Other: { path: '/s/Other', ...unary, ...codecs },
  };
  server.addService(definition, {
    Direct: (_call: unknown, answer: (error: null, bytes: Buffer) => void) =>
      answer(null, Buffer.from('by the library')),
    Other: (_call: unknown, answer: (error: null, bytes: Buffer) => void) =>
      answer(null, Buffer.from('by the library')),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  t.teardown(() => server.forceShutdown());
  const session = connect(`http://127.0.0.1:${port}`);
  t.teardown(() => session.destroy());
  return session;
}

function message(text: string): Buffer {
  const frame = Buffer.alloc(5 + Buffer.byteLength(text));
  frame.writeUInt32BE(Buffer.byteLength(text), 1);
  frame.write(text, 5);
  return frame;
}

interface Answer {
  readonly text: string;
  readonly status: number;
  readonly details: string;
}

/** Calls a method with what is sent for its message. */
function ask(session: ClientHttp2Session, path: string, bytes: Buffer, more: object = {}): ClientHttp2Stream {
  const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
  const stream = session.request({ ...headers, ...more });
  stream.on('error', () => undefined);
  stream.end(bytes);
  return stream;
}

async function answerTo(stream: ClientHttp2Stream): Promise<Answer> {
  let said: Record<string, unknown> = {};
  stream.on('response', (headers) => (said = { ...said, ...headers }));
  stream.on('trailers', (headers) => (said = { ...said, ...headers }));
  const text = Buffer.concat((await stream.toArray()) as Buffer[])
    .subarray(5)
    .toString();
  return { text, status: Number(said['grpc-status']), details: decodeURI(String(said['grpc-message'])) };
}

const echo: UnaryHandler = (call, answer) => answer(null, Buffer.from(`${call.request.toString()} back`));

test('a message comes to its handler as it is, and the answer goes back with status OK', async (t) => {
  let metadata: unknown;
  const session = await serve(t, (call, answer) => {
    metadata = call.metadata.get('traceparent');
    t.false(call.cancelled);
    t.is(call.getDeadline(), Infinity);
    echo(call, answer);
  });
  const answer = await answerTo(ask(session, '/s/Direct', message('there and'), { traceparent: '00-a' }));
  t.deepEqual(answer, { text: 'there and back', status: status.OK, details: 'OK' });
  t.deepEqual(metadata, ['00-a']);
});

test('other methods are the library’s', async (t) => {
  const session = await serve(t, echo);
  t.like(await answerTo(ask(session, '/s/Other', message('x'))), { text: 'by the library' });
  t.like(await answerTo(ask(session, '/s/None', message('x'))), { status: status.UNIMPLEMENTED });
});

test('a call without a message and one with two are UNIMPLEMENTED, and no handler sees them', async (t) => {
  const session = await serve(t, () => t.fail('it was handed on'));
  const failure = { text: '', status: status.UNIMPLEMENTED };
  t.deepEqual(await answerTo(ask(session, '/s/Direct', Buffer.alloc(0))), {
    ...failure,
    details: 'no request message',
  });
  const two = Buffer.concat([message('one'), message('two')]);
  t.deepEqual(await answerTo(ask(session, '/s/Direct', two)), {
    ...failure,
    details: 'a second request message',
  });
});

test('a failure is answered as its status, and a handler that throws as UNKNOWN without what it threw', async (t) => {
  let calls = 0;
  const session = await serve(t, (_call, answer) => {
    calls += 1;
    if (calls === 2) throw new Error('secret');
    answer({ code: status.UNAVAILABLE, details: 'not now' });
  });
  const first = await answerTo(ask(session, '/s/Direct', message('x')));
  t.deepEqual(first, { text: '', status: status.UNAVAILABLE, details: 'not now' });
  const second = await answerTo(ask(session, '/s/Direct', message('x')));
  t.deepEqual(second, { text: '', status: status.UNKNOWN, details: 'unknown error' });
});

test('who gives a call up is seen by its handler, and an answer that comes too late goes nowhere', async (t) => {
  let call: UnaryCall | undefined;
  let late: (() => void) | undefined;
  const session = await serve(t, (asked, answer) => {
    if (call) return echo(asked, answer);
    call = asked;
    late = () => answer(null, Buffer.from('late'));
  });
  const given = ask(session, '/s/Direct', message('x'));
  let came = 0;
  given.on('response', () => (came += 1));
  await until(() => late !== undefined);
  t.false(call?.cancelled);
  given.close(constants.NGHTTP2_CANCEL);
  await until(() => call?.cancelled === true);
  late?.();
  t.like(await answerTo(ask(session, '/s/Direct', message('once more'))), { text: 'once more back' });
  t.is(came, 0);
});
