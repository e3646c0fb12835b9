import { stringify } from 'yaml';
import type { CaseDraft } from './from-record.ts';

/** A file of cases as YAML, with what it could not say in comments above. */
export function caseText({ document, untold }: CaseDraft, about: { readonly outcome: string }): string {
  const head = [
    `# A recorded decision (${about.outcome}), with other names for devices, owners and places.`,
    ...(untold.length === 0
      ? []
      : ['# Not said here, as a case has no words for it:', ...untold.map((one) => `# - ${one}`)]),
  ];
  return `${head.map((line) => line.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ')).join('\n')}\n${stringify(document, { lineWidth: 110 })}`;
}
