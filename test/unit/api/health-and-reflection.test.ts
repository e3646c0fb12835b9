import { Client, Metadata, credentials } from '@grpc/grpc-js';
import type { ClientReadableStream } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { protoPath } from 'grpc-health-check';
import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor.js';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { serviceNames } from '../../../src/api/load-protos.ts';
import { openDoors } from './grpc-fixtures.ts';
import type { Doors } from './grpc-fixtures.ts';

const health = loadSync(protoPath, { keepCase: true, enums: String, defaults: true }) as unknown as Record<
  string,
  { serialize: (message: object) => Buffer; deserialize: (bytes: Buffer) => { status: string } }
>;
const request = (service: string): Buffer =>
  (health['grpc.health.v1.HealthCheckRequest'] as NonNullable<(typeof health)[string]>).serialize({
    service,
  });
const answer = (bytes: Buffer): string =>
  (health['grpc.health.v1.HealthCheckResponse'] as NonNullable<(typeof health)[string]>).deserialize(bytes)
    .status;

function clientOf(t: ExecutionContext, doors: Doors): Client {
  const client = new Client(doors.address, credentials.createInsecure());
  t.teardown(() => client.close());
  return client;
}

function check(client: Client, service: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const same = (bytes: Buffer): Buffer => bytes;
    client.makeUnaryRequest(
      '/grpc.health.v1.Health/Check',
      same,
      answer,
      request(service),
      new Metadata(),
      (error, status) => (error ? reject(error) : resolve(status ?? '')),
    );
  });
}

test('health follows readiness at once, for the server and for each door', async (t) => {
  const doors = await openDoors(t);
  const client = clientOf(t, doors);
  for (const ready of [true, false, true]) {
    doors.setReady(ready);
    for (const service of ['', ...Object.values(serviceNames)]) {
      t.is(await check(client, service), ready ? 'SERVING' : 'NOT_SERVING', service);
    }
  }
});

test('a service that is not ours is not found', async (t) => {
  const client = clientOf(t, await openDoors(t));
  await t.throwsAsync(check(client, 'other.Service'), { message: /NOT_FOUND/ });
});

test('a watcher is told when readiness changes', async (t) => {
  const doors = await openDoors(t);
  const stream: ClientReadableStream<string> = clientOf(t, doors).makeServerStreamRequest(
    '/grpc.health.v1.Health/Watch',
    (bytes: Buffer) => bytes,
    answer,
    request(''),
  );
  stream.on('error', () => undefined);
  const told: string[] = [];
  await new Promise<void>((resolve) => {
    stream.on('data', (status: string) => {
      told.push(status);
      if (told.length === 1) doors.setReady(false);
      else resolve();
    });
  });
  stream.cancel();
  t.deepEqual(told, ['SERVING', 'NOT_SERVING']);
});

/** The reflection protocol, as much as is asked here: field numbers of grpc.reflection.v1. */
const reflection = protobuf.parse(`
  syntax = "proto3";
  message Request { oneof r { string file_containing_symbol = 4; string list_services = 7; } }
  message Response { Files files = 4; Services services = 6; Fault fault = 7; }
  message Files { repeated bytes file_descriptor_proto = 1; }
  message Services { repeated Service service = 1; }
  message Service { string name = 1; }
  message Fault { int32 error_code = 1; string error_message = 2; }
`).root;

interface Reflected {
  readonly files?: { readonly fileDescriptorProto: readonly Uint8Array[] };
  readonly services?: { readonly service: readonly { readonly name: string }[] };
}

function reflect(t: ExecutionContext, doors: Doors, asked: object): Promise<Reflected> {
  const [ask, told] = [reflection.lookupType('Request'), reflection.lookupType('Response')];
  return new Promise((resolve, reject) => {
    const stream = clientOf(t, doors).makeBidiStreamRequest(
      '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
      (message: object) => Buffer.from(ask.encode(ask.fromObject(message)).finish()),
      (bytes: Buffer) => told.toObject(told.decode(bytes)) as Reflected,
    );
    stream.on('error', reject);
    stream.on('data', (message: Reflected) => {
      stream.end();
      resolve(message);
    });
    stream.write(asked);
  });
}

test('reflection lists the doors', async (t) => {
  const { services } = await reflect(t, await openDoors(t), { listServices: '' });
  t.deepEqual(services?.service.map(({ name }) => name).toSorted(), Object.values(serviceNames).toSorted());
});

test('what reflection tells of a door is enough to speak to it', async (t) => {
  const doors = await openDoors(t);
  for (const [symbol, type] of [
    [serviceNames.extAuthz, 'envoy.service.auth.v3.CheckRequest'],
    [serviceNames.decision, 'portreeve.v1.DecideRequest'],
    [serviceNames.decision, 'portreeve.v1.DecideBatchRequest'],
  ] as const) {
    const { files } = await reflect(t, doors, { fileContainingSymbol: symbol });
    const file = (files?.fileDescriptorProto ?? []).map((bytes) =>
      descriptor.FileDescriptorProto.decode(bytes),
    );
    const root = protobuf.Root.fromDescriptor(descriptor.FileDescriptorSet.fromObject({ file }) as never);
    root.resolveAll();
    t.truthy(root.lookupType(type), symbol);
  }
});
