import { InvalidArgumentError, Option, type Command } from 'commander';
import { parseCertificate } from '../../identity/parse.ts';
import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { parseCrl } from '../../revocation/parse-crl.ts';
import { exactInstantArgument, finish, integerArgument, type CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Answer, Session } from '../session.ts';
import { runBatch } from './batch.ts';
import { readCertificateFile, readCrlFile } from './files.ts';
import type { Verdict } from './judge.ts';
import { leafProblem, readEach, type LeafMaterial } from './material.ts';
import { purposeOid } from './purposes.ts';
import { verdictData, verdictText } from './verdict-text.ts';
import { verifyMaterial } from './verify-material.ts';

interface Options extends CommonOptions {
  readonly anchors?: readonly string[];
  readonly intermediates?: readonly string[];
  readonly crl?: readonly string[];
  readonly at?: EpochMs;
  readonly eku?: readonly string[];
  readonly maxDepth?: number;
  readonly strict?: boolean;
  readonly requireRevocation?: boolean;
  readonly batch?: boolean;
}

const single = [
  'anchors',
  'intermediates',
  'crl',
  'at',
  'eku',
  'maxDepth',
  'strict',
  'requireRevocation',
] as const;

const help = `
Files are PEM, of one or many, or DER. Answers 0 where the certificate is valid, 1 where it is not, 2 where a file
cannot be read. No configuration is needed.

With --batch, requests come on standard input, one JSON object a line, and results go to standard output, in order:
  {"id", "anchors":[PEM], "intermediates":[PEM], "leaf":PEM, "crls":[PEM], "at":RFC3339, "eku":[NAME|OID],
   "max_depth":n, "strict":bool, "require_revocation":bool, "initial_policy_set":[OID], "initial_explicit_policy":bool,
   "initial_policy_mapping_inhibit":bool, "initial_inhibit_any_policy":bool}
  {"id", "valid":bool, "reasons":[{"code","message","certificate"}], "lint":[…], "path":[SHA-256 of each, leaf first]}
Only id, anchors, leaf and at are required. A line that is no such request is answered {"id", "error"}, and the run
goes on; 0 where every line was answered.`;

/** `cert verify`. */
export function registerCertVerify(group: Command, session: Session): void {
  const command = group
    .command('verify')
    .description(
      'verify a certificate against anchors: the path taken, and every reason with its RFC section',
    )
    .argument('[leaf]', 'the certificate to verify')
    .option('--anchors <file>', 'certificates that are trusted; may be given again', gather)
    .option('--intermediates <file>', 'CA certificates that paths may go through; may be given again', gather)
    .option('--crl <file...>', 'CRLs; what they list is revoked')
    .option('--at <instant>', 'verify as of this time (RFC 3339; default: now)', exactInstantArgument)
    .option(
      '--eku <name>',
      'purpose that must be permitted: clientAuth, serverAuth or an OID; may be given again',
      purposeArgument,
    )
    .option('--max-depth <n>', 'most intermediates between leaf and anchor', integerArgument(0, 100))
    .option('--strict', 'deny what a CA should have done better as well')
    .option('--require-revocation', 'deny where a CRL is missing or stale for any certificate of the path')
    .addOption(new Option('--batch', 'answer requests from standard input').conflicts([...single]))
    .addHelpText('after', help);
  finish(
    command,
    session,
    [
      'cert verify --anchors root.pem --intermediates ca.pem device.pem',
      'cert verify --anchors root.pem --crl root.crl ca.crl --require-revocation --strict device.pem',
      'cert verify --batch < requests.ndjson > results.ndjson',
    ],
    (options: Options, [leaf]) => runVerify(options, leaf as string | undefined, session),
  );
}

/** Gathers the values of an option that may come several times. */
function gather(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

function purposeArgument(text: string, before: readonly string[] | undefined): readonly string[] {
  const oid = purposeOid(text);
  if (oid === undefined) throw new InvalidArgumentError('It must be clientAuth, serverAuth or an OID.');
  return gather(oid, before);
}

async function runVerify(options: Options, argument: string | undefined, session: Session): Promise<Answer> {
  const { around } = session;
  if (options.batch) {
    if (session.json)
      throw new PortreeveError('PDP_USAGE', '--json prints one object only; it cannot go with --batch');
    if (argument !== undefined)
      throw new PortreeveError('PDP_USAGE', '--batch reads its leaves from standard input');
    await runBatch(around.stdin, around.stdout);
    return { exit: exitCodes.ok, data: {}, text: '' };
  }
  if (options.anchors === undefined) throw new PortreeveError('PDP_USAGE', 'give --anchors FILE');
  const { leaf, crls } = splitFiles(argument, options.crl ?? []);
  const at = options.at ?? around.clock.now();
  const verdict = await verifyFiles({ ...options, crl: crls }, options.anchors, leaf, at, session);
  return {
    exit: verdict.valid ? exitCodes.ok : exitCodes.failed,
    data: { at: formatInstant(at), ...verdictData(verdict) },
    text: verdictText(verdict, at, session.paint),
  };
}

/** An option that takes several files takes the leaf's too where it stands right before it. */
function splitFiles(
  argument: string | undefined,
  crls: readonly string[],
): { readonly leaf: string; readonly crls: readonly string[] } {
  if (argument !== undefined) return { leaf: argument, crls };
  const last = crls.at(-1);
  if (last === undefined || crls.length < 2) {
    throw new PortreeveError('PDP_USAGE', 'the certificate to verify is missing');
  }
  return { leaf: last, crls: crls.slice(0, -1) };
}

async function verifyFiles(
  options: Options,
  anchorFiles: readonly string[],
  leafFile: string,
  at: EpochMs,
  session: Session,
): Promise<Verdict> {
  const certificates = async (names: readonly string[] = []) =>
    readEach(
      (await Promise.all(names.map((name) => readCertificateFile(name, session)))).flat(),
      parseCertificate,
    );
  const lists = (await Promise.all((options.crl ?? []).map((name) => readCrlFile(name, session)))).flat();
  return verifyMaterial(
    {
      anchors: await certificates(anchorFiles),
      intermediates: await certificates(options.intermediates),
      crls: readEach(lists, parseCrl),
      leaf: readLeaf(await readCertificateFile(leafFile, session), leafFile),
    },
    {
      at,
      strict: options.strict ?? false,
      requireRevocation: options.requireRevocation ?? false,
      ...(options.eku && { eku: options.eku }),
      ...(options.maxDepth !== undefined && { maxDepth: options.maxDepth }),
    },
  );
}

function readLeaf(ders: readonly Uint8Array[], name: string): LeafMaterial {
  if (ders.length !== 1) {
    throw new PortreeveError(
      'PDP_INPUT_MALFORMED',
      `${name} holds ${ders.length} certificates, one is expected`,
    );
  }
  try {
    return { leaf: parseCertificate(ders[0] as Uint8Array) };
  } catch (thrown) {
    return leafProblem(thrown);
  }
}
