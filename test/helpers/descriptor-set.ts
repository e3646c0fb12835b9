import { loadSync } from '@grpc/proto-loader';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

const codec = loadSync('google/protobuf/descriptor.proto', { enums: String })[
  'google.protobuf.FileDescriptorSet'
] as unknown as MessageTypeDefinition<object, object>;

const field = (name: string, number: number, type: string, more: object = {}): object => ({
  ...{ name, number, type: `TYPE_${type}`, label: 'LABEL_OPTIONAL' },
  jsonName: name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
  ...more,
});
const message = (name: string, number: number, typeName: string, more: object = {}): object =>
  field(name, number, 'MESSAGE', { typeName, ...more });
const many = { label: 'LABEL_REPEATED' };

/** What `protoc --include_imports --descriptor_set_out` makes of a small service `harbour.Port`, in proto3. */
export function portDescriptors(): Buffer {
  const wellKnown = (file: string, messageType: readonly object[]): object => ({
    ...{ name: `google/protobuf/${file}.proto`, package: 'google.protobuf', syntax: 'proto3' },
    messageType,
  });
  return codec.serialize({
    file: [
      wellKnown('timestamp', [
        { name: 'Timestamp', field: [field('seconds', 1, 'INT64'), field('nanos', 2, 'INT32')] },
      ]),
      wellKnown('wrappers', [{ name: 'StringValue', field: [field('value', 1, 'STRING')] }]),
      wellKnown('any', [
        { name: 'Any', field: [field('type_url', 1, 'STRING'), field('value', 2, 'BYTES')] },
      ]),
      {
        ...{ name: 'harbour.proto', package: 'harbour', syntax: 'proto3' },
        dependency: ['timestamp', 'wrappers', 'any'].map((file) => `google/protobuf/${file}.proto`),
        enumType: [
          {
            name: 'Flag',
            value: [
              { name: 'FLAG_NONE', number: 0 },
              { name: 'FLAG_RED', number: 1 },
            ],
          },
        ],
        messageType: [
          {
            name: 'Arrival',
            field: [
              field('ship_name', 1, 'STRING'),
              field('tons', 2, 'INT64'),
              field('draught', 3, 'FLOAT'),
              field('seal', 4, 'BYTES'),
              field('flag', 5, 'ENUM', { typeName: '.harbour.Flag' }),
              field('masts', 6, 'INT32', many),
              message('crew', 7, '.harbour.Arrival.CrewEntry', many),
              message('at', 8, '.google.protobuf.Timestamp'),
              message('pilot', 9, '.google.protobuf.StringValue'),
              message('extra', 10, '.google.protobuf.Any'),
              message('towing', 11, '.harbour.Arrival'),
            ],
            nestedType: [
              {
                name: 'CrewEntry',
                field: [field('key', 1, 'STRING'), field('value', 2, 'ENUM', { typeName: '.harbour.Flag' })],
                options: { mapEntry: true },
              },
            ],
          },
        ],
        service: [
          {
            name: 'Port',
            method: [
              { name: 'Arrive', inputType: '.harbour.Arrival', outputType: '.harbour.Arrival' },
              {
                ...{ name: 'Stream', inputType: '.harbour.Arrival', outputType: '.harbour.Arrival' },
                clientStreaming: true,
              },
            ],
          },
        ],
      },
    ],
  });
}
