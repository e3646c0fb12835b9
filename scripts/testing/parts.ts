import { ava } from './ava-part.ts';
import { check } from './part.ts';
import type { Part } from './part.ts';
import { rego } from './rego-part.ts';

/**
 * Files whose tests hold a server to times, to memory or to an honest caller's answers while it is under load: with
 * another one beside it they would measure that one. Or that act while an import runs, which does not wait for them.
 */
const timed = {
  fault: ['abuse-*', 'crl-large', 'deadlines', 'policy-wire', 'pressure-*', 'soak', 'under-load-faults'],
  e2e: ['envoy-*'],
};

/**
 * Every call through a real Envoy must get through while workers are killed and files exchanged, or while half of all tries
 * fail. The latter is with the times that ship, where a decision is late after 200 ms; under load they are stretched
 * (`test/helpers/behind-envoy.ts`), but for `make soak`, and still leave nothing for others beside them.
 */
const alone = ['envoy-shipped-times', 'under-load-envoy', 'under-load-envoy-doors'];

/** Both build `dist/` anew, one after the other. */
const packed = { yields: 'policy-ci', shares: 'package' };

const oneByOne = ['--concurrency', '1'];
const sideBySide = ['--concurrency', '2'];
/** Most of what these do is waiting: for servers that start, that are killed, that have their time to end. */
const threeAtOnce = ['--concurrency', '3'];
/** Servers with Envoy and commands by the dozen, on a machine that is busy. */
const patient = ['--timeout', '300s'];
/** The same for those that yield to all others: how long they take is how long these do. */
const yielding = ['--timeout', '1200s'];

/** All parts, in the order in which those of one manner run. */
export const parts: readonly Part[] = [
  ava('fault', { manner: 'alone', of: 'behind Envoy', only: alone, args: oneByOne }),
  ava('fault', { manner: 'timed', of: 'under load', only: timed.fault, args: oneByOne }),
  ava('e2e', { manner: 'timed', of: 'Envoy', only: timed.e2e, args: [...oneByOne, ...patient] }),
  rego,
  check('types', 'tsc', ['-p', '.']),
  check('lint', 'eslint', ['.', '--max-warnings', '0']),
  check('format', 'prettier', ['--check', '--log-level', 'warn', '.']),
  check('docs', 'node', ['scripts/docs-reasons.ts', '--check'], 'reasons'),
  check('docs', 'node', ['scripts/policy-input.ts', '--check'], 'policy input'),
  check('docs', 'node', ['scripts/docs-config.ts', '--check'], 'configuration'),
  check('docs', 'node', ['scripts/docs-performance.ts', '--check'], 'performance'),
  ava('property', { manner: 'yields', args: yielding }),
  ava('conformance', { manner: 'yields', args: yielding }),
  ava('cases', { manner: 'yields', of: 'cookbook', only: ['cookbook'], args: yielding }),
  ava('e2e', { manner: 'yields', of: "a project's CI", only: [packed.yields], args: yielding }),
  ava('arch', { manner: 'shares' }),
  ava('e2e', { manner: 'shares', of: 'the package', only: [packed.shares], args: patient }),
  ava('unit', { manner: 'shares' }),
  ava('cases', { manner: 'shares', without: ['cookbook'] }),
  // The longest of all files is among these: nothing waits for it at the end.
  ava('e2e', {
    manner: 'waits',
    without: [...timed.e2e, ...Object.values(packed)],
    args: [...sideBySide, ...patient],
  }),
  ava('fault', { manner: 'waits', without: [...alone, ...timed.fault], args: [...threeAtOnce, ...patient] }),
];
