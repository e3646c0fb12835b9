import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Place } from '../place.ts';
import type { Report } from './report.ts';
import { sourceLists } from './sources.ts';

/**
 * Every file that is named must be there and readable. CRLs are feeds: one that is missing is a warning here and a
 * denial with its reason for the devices below that CA, never a server that does not start.
 */
export function checkFiles(root: Place, report: Report, folder: string): void {
  for (const place of neededFiles(root)) {
    const fault = fileFault(place, folder, 'file');
    if (fault) report.refuse(place, fault);
  }
  for (const place of root.get('revocation', 'crls').items()) {
    const fault = fileFault(place, folder, 'file or folder');
    if (fault) report.warn(place, fault);
  }
  // No decision waits for a bundle on trial.
  const shadow = root.get('policy', 'shadow', 'bundle');
  const fault = fileFault(shadow, folder, 'file');
  if (fault) report.warn(shadow, fault);
}

function neededFiles(root: Place): Place[] {
  const certificates = ['anchors', 'intermediates', 'pep_cas'].flatMap((key) =>
    root
      .get('trust', key)
      .items()
      .map((one) => one.get('file')),
  );
  const tls = root
    .get('server', 'listeners')
    .items()
    .flatMap((one) => [one.get('tls', 'certificate'), one.get('tls', 'key')]);
  const keys = verifierKeys(root).map((one) => one.get('file'));
  const responders = root
    .get('revocation', 'ocsp', 'responders')
    .items()
    .flatMap((one) => [one.get('signer'), one.get('ca')]);
  return [
    ...certificates,
    ...tls,
    ...keys,
    ...responders,
    ...sourceFiles(root),
    ...root
      .get('policy', 'signed_by')
      .items()
      .map((one) => one.get('file')),
    ...outsiderFiles(root),
    ...sinkFiles(root),
    root.get('policy', 'bundle'),
    root.get('compat', 'proto_descriptor'),
  ];
}

/** What witnesses and anchors are trusted by. */
function outsiderFiles(root: Place): Place[] {
  const [witnesses, anchors] = ['witnesses', 'anchors'].map((key) => root.get('audit', key).items());
  return [...(witnesses ?? []), ...(anchors ?? [])].flatMap((one) => [
    one.get('ca'),
    one.get('timestamp_cas'),
  ]);
}

/** What sinks are trusted by, and what they are shown. */
function sinkFiles(root: Place): Place[] {
  return root
    .get('audit', 'sinks')
    .items()
    .flatMap((one) => [one.get('ca'), one.get('certificate'), one.get('key')]);
}

function verifierKeys(root: Place): Place[] {
  return root
    .get('attestation', 'verifiers')
    .items()
    .map((one) => one.get('keys'));
}

/** What sources are trusted by. Their headers are no fault here: a token that comes later is read later. */
function sourceFiles(root: Place): Place[] {
  return sourceLists(root)
    .flatMap((list) => list.items())
    .concat(root.get('revocation', 'distribution_points'), verifierKeys(root))
    .flatMap((one) => [one.get('ca'), one.get('signed_by')]);
}

function fileFault(place: Place, folder: string, wanted: 'file' | 'file or folder'): string | undefined {
  const { text } = place;
  if (text === undefined || text === '' || text.includes('\0')) return undefined;
  const path = resolve(folder, text);
  try {
    const stat = statSync(path);
    if (wanted === 'file' && stat.isDirectory()) return `${path} is a folder, not a file`;
    accessSync(path, constants.R_OK);
    return undefined;
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code ?? 'unknown';
    return code === 'ENOENT' ? `${path} is not there` : `${path} cannot be read (${code})`;
  }
}
