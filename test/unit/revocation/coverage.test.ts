import test from 'ava';
import { crlCoverage, expectedPoints } from '../../../src/revocation/coverage.ts';
import { scopeKey } from '../../../src/revocation/crl-scope.ts';
import type { CrlInfo } from '../../../src/revocation/types.ts';

const [first, second] = ['uri:http://crl.example/1.crl', 'uri:http://crl.example/2.crl'] as const;

function crl(points: readonly string[], changes: Partial<CrlInfo> = {}): CrlInfo {
  const scope = points.length > 0 ? scopeKey({ der: new Uint8Array(), names: points, indirect: false }) : '';
  return {
    issuerKey: 'aa',
    issuer: 'cn=meters',
    issuerName: 'CN=Meters',
    scope,
    points,
    delta: false,
    thisUpdate: 0,
    nextUpdate: 1,
    importedAt: 0,
    source: 'test.crl',
    digest: 'dd',
    entries: 0,
    ...changes,
  };
}

const expected = expectedPoints(
  [
    { issuer: 'meters', points: ['http://crl.example/1.crl', 'http://crl.example/2.crl'] },
    { issuer: 'nobody', points: ['http://crl.example/3.crl'] },
  ],
  [{ name: 'meters', certificate: { keyDigest: 'aa' } }],
);

test('expected points stand under the key of the CA that is named, in the form of the points themselves', (t) => {
  t.deepEqual([...expected], [['aa', [first, second]]]);
});

test('a point of which no complete CRL is in force is missing', (t) => {
  const delta = crl([second], { delta: true, number: '05' });
  const [coverage] = crlCoverage([crl([first]), delta], expected);
  t.like(coverage, { issuerKey: 'aa', known: 'configured', missing: [second], complete: false });
  t.deepEqual(
    coverage?.loaded.map(({ names, complete, delta: over }) => [names, complete !== null, over?.number]),
    [
      [[first], true, undefined],
      [[second], false, '05'],
    ],
  );
});

test('the list is complete with every expected point, or with the whole list', (t) => {
  t.like(crlCoverage([crl([first]), crl([second])], expected)[0], { missing: [], complete: true });
  t.like(crlCoverage([crl([])], expected)[0], { missing: [first, second], complete: true });
});

test('an issuer of which nothing is in force is told where its points are expected', (t) => {
  const [coverage, ...more] = crlCoverage([], expected);
  t.like(coverage, { issuerKey: 'aa', known: 'configured', loaded: [], complete: false });
  t.deepEqual(coverage?.missing, [first, second]);
  t.deepEqual(more, []);
});

test('without expectations the parts are learned from the CRLs that are in force', (t) => {
  const [coverage] = crlCoverage([crl([first])], new Map());
  t.like(coverage, { known: 'learned', missing: [], complete: false });
  t.like(crlCoverage([crl([])], new Map())[0], { known: 'learned', complete: true });
});
