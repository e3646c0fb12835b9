import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { selfTest, type SelfTestResult } from '../../policy/self-test.ts';
import { signatureAlgorithms, type SignatureAlgorithm } from '../../policy/signatures/types.ts';
import { inspectBundle, type Inspected, type KeyOfVerifier } from '../../workshop/build/inspect.ts';
import { finish, type CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { fields, table } from '../output.ts';
import type { Answer, Session } from '../session.ts';

interface Options extends CommonOptions {
  readonly verificationKey?: string;
  readonly signingAlg?: SignatureAlgorithm;
  readonly keyId?: string;
  readonly scope?: string;
  readonly selfTest?: boolean;
}

/** `policy inspect BUNDLE`. */
export function registerPolicyInspect(group: Command, session: Session): void {
  const command = group
    .command('inspect')
    .description('show what a bundle is, what it needs, what it was made from and who signed it')
    .argument('<bundle>', 'the bundle (.tar.gz)')
    .option(
      '--verification-key <file>',
      'verify its signature by this public key (PEM or JWK); answers 2 where it does not hold',
    )
    .addOption(
      new Option('--signing-alg <name>', 'the algorithm of the key; by its kind unless given').choices(
        signatureAlgorithms,
      ),
    )
    .option('--key-id <id>', 'the name that the signature must give the key; any unless given')
    .option('--scope <text>', 'what the signature must be for; none unless given')
    .option('--self-test', 'evaluate the cases that it carries; answers 1 where one comes out otherwise');
  finish(
    command,
    session,
    [
      'policy inspect policy.tar.gz',
      'policy inspect policy.tar.gz --verification-key policy.pub.pem --key-id policy-2026',
      'policy inspect policy.tar.gz --self-test --json',
    ],
    (options: Options, [file]) => runInspect(file as string, options, session),
  );
}

async function runInspect(name: string, options: Options, session: Session): Promise<Answer> {
  const file = resolve(session.around.folder, name);
  const inspected = await inspectBundle(file, keyOf(options, session.around.folder));
  const tested = options.selfTest ? await selfTest(inspected.bundle) : undefined;
  const failed = tested !== undefined && tested.problems.length > 0;
  return {
    exit: failed ? exitCodes.failed : exitCodes.ok,
    data: { ...inspected.told, ...(tested && { self_test_problems: tested.problems }) },
    text: text(file, inspected, tested, session),
  };
}

function keyOf(options: Options, folder: string): KeyOfVerifier | undefined {
  const { verificationKey, signingAlg: algorithm, keyId: id, scope } = options;
  if (verificationKey === undefined) {
    if (algorithm === undefined && id === undefined && scope === undefined) return undefined;
    throw new PortreeveError(
      'PDP_USAGE',
      '--signing-alg, --key-id and --scope are of --verification-key, which is missing',
    );
  }
  return { key: readPublicKey(resolve(folder, verificationKey)), algorithm, id, scope };
}

function readPublicKey(file: string): KeyObject {
  try {
    const text = readFileSync(file, 'utf8');
    if (!text.trimStart().startsWith('{')) return createPublicKey(text);
    return createPublicKey({ key: JSON.parse(text) as Record<string, string>, format: 'jwk' });
  } catch (cause) {
    throw new PortreeveError('PDP_USAGE', `public key ${file}: ${describeThrown(cause)}`, { cause });
  }
}

function text(
  file: string,
  { told }: Inspected,
  tested: SelfTestResult | undefined,
  { paint }: Session,
): string {
  const keys = told.input_keys ? `${told.input_keys.length} read by name` : 'all may be read';
  const about = fields(
    [
      ['bundle', basename(file)],
      ['sha256', told.sha256],
      ['revision', told.revision],
      ['entrypoint', told.entrypoint],
      ['input', `version ${told.input_version}, ${keys}`],
      ['needs', told.requires === null ? 'any version of portreeve' : `portreeve ${told.requires}`],
      ...(told.compat === null ? [] : [['written for', told.compat] as const]),
      ['compiler', told.compiler ?? '-'],
      ['sources', told.sources === null ? '-' : `${Object.keys(told.sources).length} files`],
      ['signature', signatureText(told.signature)],
      ['self-test', tested ? testText(tested) : `${told.self_test_cases} cases`],
    ],
    paint,
  );
  const files = table(
    ['file', 'bytes', 'sha256'],
    told.files.map((one) => [one.name, one.bytes, one.sha256]),
    paint,
  );
  const reasons = Object.entries(told.reasons).map(([code, one]) => [code, one.severity, one.text] as const);
  const declared = reasons.length === 0 ? '' : `\n${table(['reason', 'severity', 'text'], reasons, paint)}`;
  const problems = (tested?.problems ?? []).map((one) => [one.title, one.message] as const);
  const failures = problems.length === 0 ? '' : `\n${table(['failed', 'how'], problems, paint)}`;
  return `${about}\n${files}${declared}${failures}`;
}

function signatureText(signature: Inspected['told']['signature']): string {
  if (signature === null) return 'none';
  const { algorithm, key_id, scope, verified } = signature;
  const key = key_id === null ? 'naming no key' : `by ${JSON.stringify(key_id)}`;
  const of = scope === null ? '' : ` for ${JSON.stringify(scope)}`;
  return `${algorithm} ${key}${of}, ${verified ? 'verified' : 'not verified (--verification-key)'}`;
}

function testText({ cases, problems }: SelfTestResult): string {
  return `${cases - problems.length} of ${cases} cases came out as when it was built`;
}
