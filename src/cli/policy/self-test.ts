import { composeDecision } from '../../server/compose.ts';
import type { MakeSelfTest } from '../../workshop/build/build-bundle.ts';
import { selfTestOf } from '../../workshop/build/self-test.ts';
import { runCases } from '../../workshop/cases/run.ts';
import type { Session } from '../session.ts';

/** Makes the cases that travel in a bundle by running them through the program as it decides. */
export function makeSelfTest({ around: { clock } }: Session): MakeSelfTest {
  return (project, bundle) =>
    selfTestOf(project, bundle, (cases, bytes) =>
      runCases(cases, { bundle: bytes, compose: composeDecision, clock }),
    );
}
