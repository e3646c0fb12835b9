import { InvalidArgumentError } from 'commander';
import type { ActName } from '../../audit/acts.ts';
import type { FieldName } from '../../audit/query/fields.ts';
import type { Filter } from '../../audit/query/filter.ts';
import { nearly } from '../../config/validate.ts';
import { isCustomCode, isReasonCode, reasonCodes } from '../../lib/reason-code.ts';

/** Fields whose words are the same in every record that there ever was. */
export const closedWords: Readonly<Partial<Record<FieldName, readonly string[]>>> = {
  kind: ['decision', 'act', 'heartbeat', 'merged', 'shadow', 'shadow_summary'],
  outcome: ['allow', 'deny'],
  door: ['ext_authz_http', 'ext_authz_l4', 'native'],
  assurance: ['none', 'gateway_asserted', 'device_proved', 'attested'],
};

/** Brings what other programs print into the form that records have. Each throws where it can be none. */
export const forms: Readonly<Partial<Record<FieldName, (text: string) => string>>> = {
  certificate: digestForm,
  key: digestForm,
  bundle: digestForm,
  // Names of issuers stand beside digests of their keys.
  issuer: (text) => hexOf(text, 64) ?? text,
  firmware: (text) => hexOf(text) ?? text,
  serial: serialForm,
  trace: (text) => hexOf(text, 32) ?? text,
};

/** Hexadecimal digits in lower case, without the colons and the name that OpenSSL prints; undefined for all else. */
function hexOf(text: string, digits?: number): string | undefined {
  const bare = text
    .trim()
    .replace(/^(sha-?256( fingerprint)?|serial)[=:]/i, '')
    .replaceAll(/[: ]/g, '')
    .toLowerCase();
  return /^[0-9a-f]+$/.test(bare) && (digits === undefined || bare.length === digits) ? bare : undefined;
}

function digestForm(text: string): string {
  const digest = hexOf(text, 64);
  if (digest === undefined)
    throw new InvalidArgumentError('It must be a SHA-256 digest: 64 hexadecimal digits, also with colons.');
  return digest;
}

/** As certificates' serial numbers stand in records: whole octets, without leading zero ones. */
function serialForm(text: string): string {
  const bare = text.trim().replace(/^serial=/i, '');
  // Between colons stand octets.
  const octets = /[: ]/.test(bare)
    ? bare
        .split(/[: ]/)
        .map((one) => one.padStart(2, '0'))
        .join('')
    : bare.replace(/^0x/i, '');
  if (!/^[0-9a-f]+$/i.test(octets))
    throw new InvalidArgumentError('It must be a serial number in hexadecimal digits, also with colons.');
  const digits = octets.toLowerCase().replace(/^0+/, '');
  return digits === '' ? '00' : digits.padStart(digits.length + (digits.length % 2), '0');
}

/** Acts that this program writes; older and newer ones may have others. */
const acts: Readonly<Record<ActName, true>> = {
  ...{ start: true, stop: true, worker_started: true, worker_ended: true },
  ...{ configuration: true, bundle: true, configuration_refused: true, bundle_refused: true },
  ...{ observe_opened: true, observe_ended: true, break_glass_opened: true, break_glass_ended: true },
  ...{ log_key: true, log_gap: true, log_recovered: true, log_pruned: true, change: true },
};

/**
 * What to say where nothing was found: words that this program does not know, and that may be misspelt. Logs of other
 * versions, and policies with reasons of their own, may have them.
 */
export function unknownWords({ fields: { reason, act } }: Filter): readonly string[] {
  return [
    ...(reason === undefined || isReasonCode(reason) || isCustomCode(reason)
      ? []
      : [`${reason} is no reason that this program knows${meant(reason, reasonCodes)}`]),
    ...(act === undefined || Object.hasOwn(acts, act)
      ? []
      : [`${act} is no act that this program knows${meant(act, Object.keys(acts))}`]),
  ];
}

function meant(text: string, known: readonly string[]): string {
  const near = known.find((one) => nearly(one, text.toLowerCase()));
  return near === undefined ? '' : `; did you mean ${near}?`;
}
