import { sha256Hex } from '../../lib/bytes.ts';
import { programVersion } from '../../lib/program-version.ts';
import { checkRules, ruleIds } from './rules.ts';
import type { CheckFinding, CheckResult } from './types.ts';

/**
 * What was found in the Static Analysis Results Interchange Format, version 2.1.0 (OASIS). `prefix` is where the project
 * is below the root that addresses of files are relative to, such as `policies/`.
 */
export function checkSarif({ findings, compiles }: CheckResult, prefix = ''): object {
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: { name: 'portreeve policy check', version: programVersion, rules: ruleIds.map(rule) },
        },
        columnKind: 'unicodeCodePoints',
        originalUriBaseIds: { ROOT: { description: { text: 'The folder in which the check ran.' } } },
        // Section 3.20.14: whether the tool ran to its end, not whether it found nothing.
        invocations: [{ executionSuccessful: compiles }],
        results: findings.map((finding) => result(finding, prefix)),
      },
    ],
  };
}

function rule(id: (typeof ruleIds)[number]): object {
  const { level, title, why } = checkRules[id];
  return {
    id,
    name: id.replace(/(^|-)([a-z])/g, (_, _dash, letter: string) => letter.toUpperCase()),
    shortDescription: { text: `${title}.` },
    fullDescription: { text: why },
    help: { text: 'docs/policy/check.md' },
    defaultConfiguration: { level },
  };
}

function result(
  { rule: ruleId, level, file, row, column, message, advice }: CheckFinding,
  prefix: string,
): object {
  const uri = (prefix + file).split('/').map(encodeURIComponent).join('/');
  return {
    ruleId,
    ruleIndex: ruleIds.indexOf(ruleId),
    level,
    message: { text: `${message}. ${advice.charAt(0).toUpperCase()}${advice.slice(1)}.` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri, uriBaseId: 'ROOT' },
          region: { startLine: row, startColumn: column },
        },
      },
    ],
    // The same finding in another place of the file is the same: rows are not part of it.
    partialFingerprints: { 'portreeve/v1': sha256Hex(`${ruleId}\0${file}\0${message}`) },
  };
}
