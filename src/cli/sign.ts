import { createHash, createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { formatInstant, type EpochMs } from '../lib/clock.ts';
import { describeThrown, PortreeveError } from '../lib/errors.ts';
import { signStatement, statementEnding } from '../server/sources/statement.ts';
import { statedKinds, type StatedKind } from '../server/sources/types.ts';
import { finish, instantArgument, integerArgument, type CommonOptions } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { plain } from './output.ts';
import type { Answer, Session } from './session.ts';

interface Options extends CommonOptions {
  readonly key: string;
  readonly kind: StatedKind;
  readonly name?: string;
  readonly sequence: number;
  readonly until?: EpochMs;
  readonly out?: string;
}

/** `sign FILE`. */
export function registerSign(program: Command, session: Session): void {
  const command = program
    .command('sign')
    .description('sign a file that servers read as a source: writes the statement that stands beside it')
    .argument('<file>', 'the file; it is only read, and may be of any size')
    .requiredOption(
      '--key <file>',
      'private key (PEM PKCS #8 or JWK): Ed25519, EC P-256, P-384, P-521, or RSA',
    )
    .addOption(new Option('--kind <kind>', 'what the file is').choices(statedKinds).makeOptionMandatory())
    .option(
      '--name <source>',
      'name of the source that it is for, as servers configure it; needed where one key signs for several of a kind',
      sourceName,
    )
    .requiredOption(
      '--sequence <number>',
      'number of this issue; servers never go back to a lower one, nor take other bytes under the same',
      integerArgument(0, 999_999_999_999_999),
    )
    .option(
      '--until <instant>',
      'when the statement ends (RFC 3339); it does not unless this is given',
      instantArgument,
    )
    .option('--out <file>', `where the statement goes; FILE${statementEnding} unless this is given`)
    .addHelpText(
      'after',
      '\nPut the file in place first and the statement second: servers read the statement first.',
    );
  finish(
    command,
    session,
    [
      'sign devices.ndjson --kind devices --key state.key.pem --sequence 42',
      'sign catalogue.json --kind firmware --key k.jwk --sequence 7 --until 2027-01-01T00:00:00Z',
      'sign plant.ndjson --kind devices --name plant --key state.key.pem --sequence 3',
    ],
    (options: Options, [file]) => runSign(file as string, options, session),
  );
}

async function runSign(name: string, options: Options, session: Session): Promise<Answer> {
  const { folder } = session.around;
  const file = resolve(folder, name);
  const out = options.out === undefined ? `${file}${statementEnding}` : resolve(folder, options.out);
  const key = await readPrivateKey(resolve(folder, options.key));
  const sha256 = await digestOf(file);
  const { kind, name: source, sequence, until } = options;
  const statement = {
    ...{ kind, sequence, sha256 },
    ...(source !== undefined && { name: source }),
    ...(until !== undefined && { until }),
  };
  const text = await signStatement(statement, key);
  await write(out, `${text}\n`);
  return {
    exit: exitCodes.ok,
    data: {
      file,
      statement: out,
      kind,
      name: source ?? null,
      sequence,
      sha256,
      until: until === undefined ? null : formatInstant(until),
    },
    text: `${plain(out)}: ${kind} ${sequence}, sha256 ${sha256}\n`,
  };
}

function sourceName(text: string): string {
  if (text === '') throw new InvalidArgumentError('It must not be empty.');
  return text;
}

/** Reads a private key file, PEM or JWK. Throws PDP_USAGE naming it. */
export async function readPrivateKey(file: string): Promise<KeyObject> {
  try {
    const text = await readFile(file, 'utf8');
    if (!text.trimStart().startsWith('{')) return createPrivateKey(text);
    return createPrivateKey({ key: JSON.parse(text) as Record<string, string>, format: 'jwk' });
  } catch (thrown) {
    throw unusable(`private key ${file}`, thrown);
  }
}

async function digestOf(file: string): Promise<string> {
  try {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(file) as AsyncIterable<Uint8Array>) hash.update(chunk);
    return hash.digest('hex');
  } catch (thrown) {
    throw unusable(file, thrown);
  }
}

/** Whole or not at all: a server may read it at any moment. */
async function write(out: string, text: string): Promise<void> {
  try {
    await writeFile(`${out}.new`, text);
    await rename(`${out}.new`, out);
  } catch (thrown) {
    throw unusable(out, thrown);
  }
}

function unusable(what: string, thrown: unknown): PortreeveError {
  return new PortreeveError('PDP_USAGE', `${what}: ${describeThrown(thrown)}`, { cause: thrown });
}
