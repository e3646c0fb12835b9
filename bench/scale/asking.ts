import { join } from 'node:path';
import protobuf from 'protobufjs';
import { requestEncoder } from '../load/fleet.ts';
import { deviceId, type Pki } from './fleet.ts';
import { leafMaker, serialOf, type LeafMaker } from './leaves.ts';

const encode = requestEncoder();
const answerType = checkResponse();

/** CheckRequest bytes with a certificate of its own, of a device under one of the issuing CAs. */
export type RequestMaker = (device: number, certificate: number) => Buffer;

/** Makes certificates whose serial numbers begin with a byte of their own and end with their number. */
export async function requestMaker(pki: Pki, family: number, now: number): Promise<RequestMaker> {
  const makers: LeafMaker[] = [];
  for (const issuer of pki.issuers) makers.push(await leafMaker(issuer, deviceId(0), now));
  return (device, certificate) => {
    const make = makers[certificate % makers.length] as LeafMaker;
    return encode(make(deviceId(device), serialOf(family, certificate)), '10.4.2.1');
  };
}

interface Answer {
  readonly status?: { readonly code?: number };
  readonly dynamic_metadata: { readonly fields: Readonly<Record<string, { readonly stringValue: string }>> };
}

/** What ext_authz answered: whether it lets the connection pass, and the primary reason. */
export function readAnswer(bytes: Buffer): { readonly allowed: boolean; readonly reason: string } {
  const answer = answerType.toObject(answerType.decode(bytes)) as Answer;
  const reason = answer.dynamic_metadata.fields['reason']?.stringValue ?? '';
  return { allowed: (answer.status?.code ?? 0) === 0, reason };
}

function checkResponse(): protobuf.Type {
  const types = new protobuf.Root();
  const folder = join(import.meta.dirname, '../../proto');
  types.resolvePath = (_origin, target) => (target.startsWith('/') ? target : join(folder, target));
  types.loadSync('envoy/service/auth/v3/external_auth.proto', { keepCase: true });
  return types.lookupType('envoy.service.auth.v3.CheckResponse');
}
