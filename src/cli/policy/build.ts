import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { sha256Hex } from '../../lib/bytes.ts';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { bundleFilesOf } from '../../policy/bundle.ts';
import { packFiles } from '../../policy/pack-bundle.ts';
import type { Signer } from '../../policy/signatures/sign.ts';
import { signatureAlgorithms, type SignatureAlgorithm } from '../../policy/signatures/types.ts';
import { buildFiles } from '../../workshop/build/build-bundle.ts';
import { bundleDifferences } from '../../workshop/build/differences.ts';
import { isSignedBy, signAndPack } from '../../workshop/build/sign.ts';
import { finish } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { opaOf, opaOption, projectOfArgument, type OpaOptions } from './common.ts';
import { makeSelfTest } from './self-test.ts';
import { signerOf } from './signer.ts';

interface Options extends OpaOptions {
  readonly out?: string;
  readonly check?: boolean;
  readonly sign?: string;
  readonly signingAlg?: SignatureAlgorithm;
  readonly keyId?: string;
  readonly scope?: string;
}

/** `policy build [DIR]`. */
export function registerPolicyBuild(group: Command, session: Session): void {
  const command = group
    .command('build')
    .description('compile a policy project to a bundle, and sign it: the same bytes for the same sources')
    .argument('[dir]', 'folder of the project; the current one unless given')
    .option('--out <file>', 'where the bundle goes; DIR/bundle.tar.gz unless given')
    .option('--check', 'write nothing; answer 1 where the bundle that is there is not what its sources make')
    .option(
      '--sign <key>',
      'sign by this private key (PEM PKCS #8 or JWK): EC P-256, P-384, P-521, RSA or Ed25519',
    )
    .addOption(
      new Option(
        '--signing-alg <name>',
        'by this algorithm; ES256, ES384, ES512, RS256 or EdDSA by the kind of key unless given',
      ).choices(signatureAlgorithms),
    )
    .option('--key-id <id>', 'name of the key, by which servers find the public one')
    .option('--scope <text>', 'what the signature is for; servers that are configured with another refuse it')
    .addOption(opaOption());
  finish(
    command,
    session,
    [
      'policy build policies',
      'policy build policies --out policy.tar.gz --sign policy.key.pem --key-id policy-2026',
      'policy build policies --check --json',
    ],
    (options: Options, [dir]) => runBuild(dir as string | undefined, options, session),
  );
}

async function runBuild(dir: string | undefined, options: Options, session: Session): Promise<Answer> {
  const project = projectOfArgument(dir, session);
  const { folder } = session.around;
  const out = resolve(options.out === undefined ? project.folder : folder, options.out ?? 'bundle.tar.gz');
  const signer = await signerOf(options, folder);
  const files = await buildFiles(opaOf(options, session), project, makeSelfTest(session));
  if (options.check) return check(out, files, signer);
  const bytes = signer ? await signAndPack(files, signer, read(out)) : packFiles(files);
  write(out, bytes);
  const signed = signer
    ? { algorithm: signer.algorithm, key_id: signer.keyId ?? null, scope: signer.scope ?? null }
    : null;
  const digest = sha256Hex(bytes);
  return {
    exit: exitCodes.ok,
    data: { bundle: out, bytes: bytes.byteLength, sha256: digest, signed },
    text: `${plain(basename(out))}: ${bytes.byteLength} bytes, sha256 ${digest}${signer ? `, signed by ${signer.algorithm}` : ''}\n`,
  };
}

async function check(
  out: string,
  files: ReadonlyMap<string, Uint8Array>,
  signer: Signer | undefined,
): Promise<Answer> {
  const there = read(out);
  if (!there) throw new PortreeveError('PDP_NOT_FOUND', `${out} is not there: build it without --check`);
  const different = [...bundleDifferences(bundleFilesOf(there), files)];
  if (different.length === 0 && signer && !(await isSignedBy(there, files, signer))) {
    different.push('the signature is not one by this key, name and scope');
  }
  const lines = different.map((line) => `  ${plain(line)}\n`).join('');
  return {
    exit: different.length === 0 ? exitCodes.ok : exitCodes.failed,
    data: { bundle: out, sha256: sha256Hex(there), differences: different },
    text:
      different.length === 0
        ? `${plain(basename(out))} is what its sources make\n`
        : `${plain(basename(out))} is not what its sources make:\n${lines}`,
  };
}

function read(out: string): Uint8Array | undefined {
  return existsSync(out) ? readFileSync(out) : undefined;
}

/** Whole or not at all: a server may read it at any moment. */
function write(out: string, bytes: Uint8Array): void {
  try {
    writeFileSync(`${out}.new`, bytes);
    renameSync(`${out}.new`, out);
  } catch (thrown) {
    throw new PortreeveError('PDP_USAGE', `${out}: ${describeThrown(thrown)}`, { cause: thrown });
  }
}
