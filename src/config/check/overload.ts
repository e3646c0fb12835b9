import type { Place } from '../place.ts';
import type { Report } from './report.ts';

/** `wire.overload`: what is answered by an error is let in by whoever lets pass what he gets no answer for. */
export function checkOverload(root: Place, report: Report): void {
  const overload = root.get('wire', 'overload');
  if (overload.text !== 'unavailable') return;
  report.warn(
    overload,
    'lets in whatever is shed where a PEP lets pass what it gets no answer for (Envoy: failure_mode_allow: true)',
  );
}
