import type { RawExtension } from '../../../src/ca/index.ts';
import { der } from '../lib/der/encode.ts';
import { oid } from './fleet.ts';

/** Bytes of extensions that the CA does not issue by itself; forms as in RFC 5280 section 4.2. */

type Base = readonly [tag: number, value: string | number[] | Uint8Array];

export const dns = (value: string): Base => [0x82, value];
export const email = (value: string): Base => [0x81, value];
export const uri = (value: string): Base => [0x86, value];
export const ip = (...octets: number[]): Base => [0x87, octets];
/** A directoryName of organisations (O). */
export const organisations = (...names: string[]): Base => [
  0xa4,
  der(0x30, ...names.map((name) => der(0x31, der(0x30, oid('2.5.4.10'), der(0x0c, name))))),
];
/** An otherName constraint or name of a private kind. */
export const other = (): Base => [0xa0, Buffer.concat([oid('1.2.3.4'), der(0xa0, der(0x0c, 'x'))])];

export function nameConstraints(
  o: { permitted?: readonly Base[]; excluded?: readonly Base[] },
  critical = true,
): RawExtension {
  const subtrees = (tag: number, bases: readonly Base[] = []): Buffer[] =>
    bases.length === 0 ? [] : [der(tag, ...bases.map(([kind, value]) => der(0x30, der(kind, value))))];
  const value = der(0x30, ...subtrees(0xa0, o.permitted), ...subtrees(0xa1, o.excluded));
  return { oid: '2.5.29.30', critical, value };
}

export function subjectAltName(names: readonly Base[], critical = false): RawExtension {
  return { oid: '2.5.29.17', critical, value: der(0x30, ...names.map(([kind, value]) => der(kind, value))) };
}

export function policies(...oids: string[]): RawExtension {
  const value = der(0x30, ...oids.map((one) => der(0x30, oid(one))));
  return { oid: '2.5.29.32', critical: false, value };
}

export function policyMappings(...pairs: (readonly [issuer: string, subject: string])[]): RawExtension {
  const value = der(0x30, ...pairs.map(([issuer, subject]) => der(0x30, oid(issuer), oid(subject))));
  return { oid: '2.5.29.33', critical: false, value };
}

export function policyConstraints(o: { explicit?: number; mapping?: number }, critical = true): RawExtension {
  const value = der(
    0x30,
    ...(o.explicit === undefined ? [] : [der(0x80, [o.explicit])]),
    ...(o.mapping === undefined ? [] : [der(0x81, [o.mapping])]),
  );
  return { oid: '2.5.29.36', critical, value };
}

export function inhibitAnyPolicy(skip: number, critical = true): RawExtension {
  return { oid: '2.5.29.54', critical, value: der(0x02, [skip]) };
}
