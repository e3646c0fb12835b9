import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { configOption, finish, integerArgument, type CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Answer, Session } from '../session.ts';
import { showFile } from './show-file.ts';
import { showInForce } from './show-in-force.ts';
import { shownText, type ShownCrl } from './shown.ts';

interface Options extends CommonOptions {
  readonly limit: number;
  readonly serial?: string;
}

/** Entries that are shown unless told otherwise. */
const usualLimit = 20;
const mostEntries = 100_000;

/** `crl show FILE|ISSUER`. */
export function registerCrlShow(group: Command, session: Session): void {
  const command = group
    .command('show')
    .description('show what a CRL says: of a file of any size, or the ones in force of a CA')
    .argument(
      '<file|issuer>',
      'a CRL file (PEM or DER); or a configured CA by its name, or any by its key (SHA-256, hex)',
    )
    .option(
      '--serial <hex>',
      'only the entry of this serial number; answers 1 where it is not listed',
      serialArgument,
    )
    .option('--limit <n>', 'entries to show', integerArgument(0, mostEntries), usualLimit)
    .addOption(configOption())
    .addHelpText(
      'after',
      '\nOf a file no signature is verified: `crl import --dry-run` does that, `cert verify --crl` uses it.',
    );
  finish(
    command,
    session,
    ['crl show crl/meters.crl', 'crl show crl/meters.crl --serial 4d2 --json', 'crl show meters --limit 100'],
    (options: Options, [name]) => runShow(name as string, options, session),
  );
}

async function runShow(name: string, options: Options, session: Session): Promise<Answer> {
  const { limit, serial } = options;
  const path = resolve(session.around.folder, name);
  const asked = { limit, ...(serial !== undefined && { serial }) };
  // A folder may well be called like a CA.
  const crls = statSync(path, { throwIfNoEntry: false })?.isFile()
    ? await showFile(path, asked, session)
    : await showInForce(name, asked, options, session);
  return answer(crls, serial, session);
}

function answer(crls: readonly ShownCrl[], serial: string | undefined, session: Session): Answer {
  const missing = serial !== undefined && crls.every(({ entries }) => entries.length === 0);
  return {
    exit: missing ? exitCodes.failed : exitCodes.ok,
    data: { crls, ...(serial !== undefined && { serial, listed: !missing }) },
    text: crls.map((crl) => shownText(crl, serial, session.paint)).join('\n'),
  };
}

/** A serial number as people write it: hex with `0x` or colons or neither; answers it as CRLs are compared. */
function serialArgument(text: string): string {
  const hex = text.replace(/^0x/i, '').replaceAll(':', '').toLowerCase();
  if (!/^[0-9a-f]{1,128}$/.test(hex)) throw new InvalidArgumentError('It must be hexadecimal.');
  const digits = hex.replace(/^0+(?=.)/, '');
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}
