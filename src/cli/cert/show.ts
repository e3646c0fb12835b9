import type { Command } from 'commander';
import { parseCertificate } from '../../identity/parse.ts';
import type { Certificate, TrustSet } from '../../identity/types.ts';
import { asPortreeveError, describeThrown, PortreeveError } from '../../lib/errors.ts';
import { configOption, finish, type CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { readCertificateFile } from './files.ts';
import { showCertificate, type ShownCertificate } from './show/certificate.ts';
import { certificateText } from './show/text.ts';

/** One certificate of a file, or what was wrong with it or the file. */
type Shown =
  | { readonly file: string; readonly place: number; readonly certificate: Certificate }
  | {
      readonly file: string;
      readonly place: number;
      readonly error: { readonly code: string; readonly message: string };
    };

const help = `
Files are PEM, of one or many, or DER; certificates of one call help each other to a path. With a configuration, the
identity is shown by each profile that it configures, and the anchor that the certificate chains to; without one, by
every profile. Answers 0, or 2 where anything could not be read.`;

/** `cert show FILE…`. */
export function registerCertShow(group: Command, session: Session): void {
  const command = group
    .command('show')
    .description('show what we see in certificates: identity, validity, key, extensions, lint, anchor')
    .argument('<file...>', 'certificate files')
    .addOption(configOption())
    .addHelpText('after', help);
  finish(
    command,
    session,
    ['cert show device.pem', 'cert show --config portreeve.yaml chain.pem --json'],
    (options: CommonOptions, [files]) => runShow(files as string[], options, session),
  );
}

async function runShow(files: readonly string[], options: CommonOptions, session: Session): Promise<Answer> {
  const { trust, problem } = await findTrust(options, session);
  const all: Shown[] = [];
  for (const file of files) all.push(...(await readShown(file, session)));
  const known = all.flatMap((one) => ('certificate' in one ? [one.certificate] : []));
  const now = session.around.clock.now();
  const shown = all.map((one) =>
    'certificate' in one
      ? { file: one.file, place: one.place, ...showCertificate(one.certificate, { trust, known, now }) }
      : one,
  );
  const [failed] = all.flatMap((one) => ('error' in one ? [one.error] : []));
  return {
    exit: failed ? exitCodes.refused : exitCodes.ok,
    data: {
      certificates: shown,
      ...(problem && { configuration_problem: problem }),
      ...(failed && { error: failed }),
    },
    text: textOf(shown, problem, session),
  };
}

/** The configured CAs; without an option naming it, a configuration that is not there or broken is done without. */
async function findTrust(
  options: CommonOptions,
  session: Session,
): Promise<{ readonly trust?: TrustSet; readonly problem?: string }> {
  try {
    // Verifying needs nothing of the server, and should not wait for it to load.
    const { loadTrust } = await import('../../server/loaded.ts');
    return { trust: loadTrust(session.config(options.config)) };
  } catch (thrown) {
    if (options.config !== undefined) throw thrown;
    return { problem: describeThrown(thrown) };
  }
}

async function readShown(file: string, session: Session): Promise<Shown[]> {
  try {
    const ders = await readCertificateFile(file, session);
    return ders.map((der, place) => readOne(der, file, place));
  } catch (thrown) {
    return [{ file, place: 0, error: errorOf(thrown) }];
  }
}

function readOne(der: Uint8Array, file: string, place: number): Shown {
  try {
    return { file, place, certificate: parseCertificate(der) };
  } catch (thrown) {
    const { code, message } = errorOf(thrown);
    return { file, place, error: { code, message: `${file}: ${message}` } };
  }
}

function errorOf(thrown: unknown): { readonly code: string; readonly message: string } {
  const { code, message } = thrown instanceof PortreeveError ? thrown : asPortreeveError(thrown);
  return { code, message };
}

function textOf(
  shown: readonly (Shown | (ShownCertificate & { readonly file: string; readonly place: number }))[],
  problem: string | undefined,
  { paint }: Session,
): string {
  const parts = shown.map((one) => {
    if ('error' in one) return `${paint('bad', 'unreadable')}  ${plain(one.error.message)}\n`;
    if (!('subject' in one)) return '';
    const name = one.place === 0 ? one.file : `${one.file} (${one.place + 1})`;
    return `${paint('strong', plain(name))}\n${certificateText(one, paint)}`;
  });
  const note =
    problem === undefined ? '' : `\n${paint('quiet', plain(`without a configuration: ${problem}`))}\n`;
  return parts.join('\n') + note;
}
