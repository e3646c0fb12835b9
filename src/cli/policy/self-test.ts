import { PortreeveError } from '../../lib/errors.ts';
import type { MakeSelfTest } from '../../workshop/build/build-bundle.ts';
import type { Session } from '../session.ts';

/** How the cases that travel in a bundle are made. */
export function makeSelfTest(_session: Session): MakeSelfTest {
  return () =>
    Promise.reject(new PortreeveError('PDP_PROJECT_INVALID', 'self_test: cases cannot be run yet'));
}
