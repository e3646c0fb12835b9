import test from 'ava';
import type { DecisionDeps } from '../../../src/decision/deps.ts';
import { versionsOf } from '../../../src/decision/versions.ts';
import type { Versions } from '../../../src/decision/types.ts';
import type { PolicyEngine } from '../../../src/policy/types.ts';

const crl = (digest: string) => ({ digest, issuer_key: 'k', number: '01' });
const [leaf, root, delta] = [crl('a'), crl('b'), crl('c')];

interface Made extends Record<'configuration' | 'anchors' | 'classes' | 'catalogue', string> {
  readonly program: string;
  readonly site: string;
  readonly instance: string;
  readonly bundle: string;
  readonly inputVersion: number;
  readonly epochs: Readonly<Record<string, number>>;
  readonly crls: Versions['crls'];
}

const usual: Made = {
  ...{ configuration: 'c1', anchors: 'a1', classes: 'l1', catalogue: 't1' },
  ...{ program: 'p1', site: 's1', instance: 'i1', bundle: 'b1', inputVersion: 1 },
  ...{ epochs: Object.freeze({ local: 1 }), crls: [leaf, root] },
};

function versions(over: Partial<Made> = {}) {
  const { program, site, instance, bundle, inputVersion, epochs, crls, ...digests } = { ...usual, ...over };
  const deps = { digests, program, store: { instance }, config: { site } } as unknown as DecisionDeps;
  const engine = { bundle: { digest: bundle, inputVersion } } as unknown as PolicyEngine;
  return versionsOf(deps, engine, { epochs, crls: [...crls] });
}

test('what decisions of one issuer are made from is one object, for as long as it is the same', (t) => {
  t.is(versions(), versions());
});

const others: readonly Partial<Made>[] = [
  ...(
    ['configuration', 'anchors', 'classes', 'catalogue', 'program', 'site', 'instance', 'bundle'] as const
  ).map((name) => ({ [name]: 'another' })),
  { inputVersion: 2 },
  { epochs: Object.freeze({ local: 2 }) },
  { crls: [leaf] },
  { crls: [leaf, delta] },
  { crls: [leaf, root, delta] },
];

for (const over of others) {
  test(`another ${JSON.stringify(over)} is told at once, and the former again when it is back`, (t) => {
    const before = versions();
    const { inputVersion, ...told } = over;
    t.like(versions(over), { ...told, ...(inputVersion !== undefined && { input_version: inputVersion }) });
    t.deepEqual(versions(), before);
  });
}

test('where no CRL was consulted, or no state could be read, that is what is told', (t) => {
  t.deepEqual(versions({ crls: [] }).crls, []);
  t.like(versionsOf({ digests: {}, store: {}, config: {} } as unknown as DecisionDeps, undefined), {
    ...{ epochs: {}, crls: [], bundle: null },
  });
});
