import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import { isCustomCode, isReasonCode, reasonCodes } from '../../lib/reason-code.ts';
import type { Place } from '../place.ts';
import { unknownPepName } from '../reserved.ts';
import { describeChoice } from '../validate.ts';
import { namesOf, refuseUnknown, type Report } from './report.ts';

const dayMs = 86_400_000;
/** Longest that something may be observed, from now. */
export const maxObserveMs = 90 * dayMs;
/** Longest that glass may stay broken, from its beginning; and it must be over by so long from now, whenever it begins. */
export const maxBreakGlassMs = dayMs;

/** Codes that never deny, so that there is nothing to set aside. */
const neverDeny: ReadonlySet<string> = new Set([
  'identity.credential_shared',
  'credential.renewal_overdue',
  'revocation.status_unknown',
  'revocation.stale_within_grace',
  'revocation.removed_from_hold',
  'inventory.stale_within_grace',
  'firmware.grace_expiring',
  'attestation.not_relied_upon',
  'policy.ok',
  'policy.stale_within_grace',
  'policy.shadow_would_deny',
  'system.clock_within_grace',
  'system.break_glass_used',
]);

/** Denials for want of a record: what passes then stands in no log. */
const ofNoRecord: ReadonlySet<string> = new Set(['system.audit_unavailable']);

/** Denials of requests that cannot be read: no device is known that a rule could name. */
const ofNobody: ReadonlySet<string> = new Set(['system.input_invalid']);

/** Denials of devices that are of no configured class, so that a rule has to name the devices. */
const ofNoClass: ReadonlySet<string> = new Set(['inventory.unknown_device', 'inventory.class_unknown']);

/** `enforcement`: exact targets, an end that is near enough. What is over already is a warning: it simply is over. */
export function checkEnforcement(root: Place, report: Report, now: EpochMs): void {
  const classes = new Set(
    root
      .get('classes')
      .entries()
      .map(([key]) => key),
  );
  const peps = namesOf(root.get('peps').items());
  peps.delete(unknownPepName);
  for (const entry of root.get('enforcement', 'observe').items())
    checkObserve(entry, { classes, peps }, report, now);
  for (const entry of root.get('enforcement', 'break_glass').items())
    checkBreakGlass(entry, classes, report, now);
}

function checkObserve(
  entry: Place,
  known: { readonly classes: ReadonlySet<string>; readonly peps: ReadonlySet<string> },
  report: Report,
  now: EpochMs,
): void {
  const named = ['pep', 'class', 'site'].filter((key) => entry.get(key).present);
  if (named.length !== 1) report.refuse(entry, 'must name exactly one of pep, class and site');
  refuseUnknown(report, [entry.get('pep')], known.peps, 'in peps');
  refuseUnknown(report, [entry.get('class')], known.classes, 'in classes');

  const until = entry.get('until');
  if (until.instant === undefined) return;
  if (until.instant > now + maxObserveMs) {
    report.refuse(until, `is more than 90 days from now; the latest is ${formatInstant(now + maxObserveMs)}`);
  }
  if (until.instant <= now) report.warn(until, 'is over; what it named is enforced');
}

function checkBreakGlass(entry: Place, classes: ReadonlySet<string>, report: Report, now: EpochMs): void {
  for (const reason of entry.get('reasons').items()) {
    if (reason.text !== undefined && !isReasonCode(reason.text) && !isCustomCode(reason.text))
      report.refuse(reason, `${describeChoice(reasonCodes, reason.text)}; a policy's own are custom.<name>`);
    if (neverDeny.has(reason.text ?? ''))
      report.refuse(reason, 'never denies, so there is nothing to set aside');
    if (ofNoRecord.has(reason.text ?? ''))
      report.warn(reason, 'lets connections pass of which no record tells, while the log cannot be written');
    if (ofNobody.has(reason.text ?? ''))
      report.warn(reason, 'sets nothing aside: it comes where no device is known, and rules go by devices');
    if (ofNoClass.has(reason.text ?? '') && entry.get('devices').items().length === 0)
      report.warn(reason, 'sets nothing aside here: such a device has no known class; name it under devices');
  }
  if (entry.get('classes').items().length === 0 && entry.get('devices').items().length === 0) {
    report.refuse(entry, 'must name classes or devices');
  }
  refuseUnknown(report, entry.get('classes').items(), classes, 'in classes');
  for (const key of ['who', 'why']) {
    // A text without any characters is the schema's finding.
    if (/^\s+$/.test(entry.get(key).text ?? '')) report.refuse(entry.get(key), 'must not be empty');
  }

  const [since, until] = [entry.get('since').instant, entry.get('until').instant];
  if (since === undefined || until === undefined) return;
  if (until <= since) report.refuse(entry.get('until'), 'must be after since');
  if (until > since + maxBreakGlassMs) {
    report.refuse(
      entry.get('until'),
      `is more than 24 hours after since; the latest is ${formatInstant(since + maxBreakGlassMs)}`,
    );
  } else if (until > now + maxBreakGlassMs) {
    // Else entries that follow each other would open it for as long as one likes by one edit.
    report.refuse(
      entry.get('until'),
      `is more than 24 hours from now; the latest is ${formatInstant(now + maxBreakGlassMs)}`,
    );
  }
  if (until <= now) report.warn(entry.get('until'), 'is over; nothing is set aside any more');
}
