import test from 'ava';
import { certificatesIn, digestsIn } from '../../../../src/audit/export/digests.ts';
import type { Content } from '../../../../src/audit/export/digests.ts';
import { namedContent } from '../../../../src/audit/export/named-content.ts';

const digest = (number: number): string => number.toString(16).padStart(64, '0');

function namedBy(...records: readonly unknown[]): Record<string, Content> {
  const found = new Map<string, Content>();
  for (const one of records) digestsIn(Buffer.from(JSON.stringify(one)), found);
  return Object.fromEntries(found);
}

test('a decision names what it was made from, and not the keys of those that signed its CRLs', (t) => {
  const versions = {
    ...{ bundle: digest(1), configuration: digest(2), classes: digest(3), catalogue: digest(4) },
    ...{ anchors: digest(5), instance: 'i', site: digest(9), input_version: 1 },
    crls: [{ issuer_key: digest(6), number: '7', digest: digest(7) }],
  };
  t.deepEqual(namedBy({ kind: 'decision', key: digest(8), versions }), {
    [digest(1)]: 'policy',
    [digest(2)]: 'configuration',
    [digest(3)]: 'classes',
    [digest(4)]: 'catalogue',
    [digest(5)]: 'trust anchors',
    [digest(7)]: 'CRL',
  });
});

test('an act names what it brought into force, and no selector of another kind; one that is hidden names nothing', (t) => {
  const act = (name: string, more: object = {}) => ({ kind: 'act', act: name, selector: digest(1), ...more });
  t.deepEqual(namedBy(act('bundle')), { [digest(1)]: 'policy' });
  t.deepEqual(namedBy(act('configuration')), { [digest(1)]: 'configuration' });
  t.deepEqual(namedBy(act('change', { detail: { kind: 'crl.import', digest: digest(2) } })), {});
  t.deepEqual(namedBy(act('bundle_refused'), act('bundle', { redacted: ['/selector'] })), {});
  t.deepEqual(namedBy({ kind: 'shadow', answered: { bundle: digest(1) }, shadow: { bundle: digest(2) } }), {
    [digest(1)]: 'policy',
    [digest(2)]: 'policy',
  });
  t.deepEqual(namedBy('text', null, { kind: 'decision', versions: { crls: 'none', bundle: 'x' } }), {});
});

test('what trust anchors name comes along, once, and what was not kept is told', async (t) => {
  const one = (certificate: string) => ({ name: 'n', certificate });
  const text = {
    anchors: [one(digest(1))],
    intermediates: [one(digest(2))],
    pep_cas: [one(digest(1)), one('x')],
  };
  const kept = new Map([
    [digest(5), Buffer.from(JSON.stringify(text))],
    [digest(1), Buffer.from('der')],
  ]);
  t.deepEqual(certificatesIn(kept.get(digest(5))!), [digest(1), digest(2), digest(1)]);
  const named = new Map<string, Content>([
    [digest(7), 'CRL'],
    [digest(5), 'trust anchors'],
  ]);
  const found: string[] = [];
  for await (const { digest: name, content, bytes } of namedContent(named, (name) =>
    Promise.resolve(kept.get(name)),
  ))
    found.push(`${content} ${Number.parseInt(name, 16)} ${bytes ? 'kept' : 'not kept'}`);
  t.deepEqual(found, [
    'trust anchors 5 kept',
    'CRL 7 not kept',
    'certificate 1 kept',
    'certificate 2 not kept',
  ]);
  t.deepEqual(certificatesIn(Buffer.from('no list')), []);
});
