import test from 'ava';
import schema from '../../../../src/workshop/cases/case.schema.json' with { type: 'json' };
import { profileKinds } from '../../../../src/config/schema/trust.ts';
import { chainFaults } from '../../../../src/workshop/cases/words.ts';
import { profiles } from '../../../../src/identity/profiles/index.ts';

test('the schema names the faults and profiles that there are', (t) => {
  const { fault, profile } = schema.$defs.certificate.properties;
  t.deepEqual(fault.enum, [...chainFaults]);
  t.deepEqual(profile.enum, [...profileKinds]);
  t.deepEqual(profile.enum.toSorted(), Object.keys(profiles).toSorted());
});

test('every word of the schema is described', (t) => {
  const bare: string[] = [];
  const look = (node: unknown, path: string) => {
    if (typeof node !== 'object' || node === null) return;
    const { properties } = node as { properties?: Record<string, { description?: string; $ref?: string }> };
    for (const [name, one] of Object.entries(properties ?? {}))
      if (one.description === undefined && one.$ref === undefined) bare.push(`${path}.${name}`);
    for (const [key, value] of Object.entries(node)) look(value, `${path}.${key}`);
  };
  look(schema, '');
  t.deepEqual(bare, []);
});
