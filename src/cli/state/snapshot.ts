import { rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { configDigest } from '../../config/digest.ts';
import type { Config } from '../../config/types.ts';
import { sha256Hex } from '../../lib/bytes.ts';
import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { createRevocationReader } from '../../revocation/reader.ts';
import { holdsInForce } from '../../revocation/holds/in-force.ts';
import { keptFolder } from '../../server/records/keep-versions.ts';
import { program } from '../../server/program.ts';
import { signStatement } from '../../server/sources/statement.ts';
import { readKeptTime } from '../../store/kept-time.ts';
import { storeFormat } from '../../store/migrations.ts';
import { openStore } from '../../store/open.ts';
import { copyStore, countRows, newestChange, retireStaged } from '../../store/snapshot.ts';
import { readSourceStates } from '../../store/source-states.ts';
import type { Store } from '../../store/types.ts';
import { configOption, finish, type CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { readPrivateKey } from '../sign.ts';
import { withStore } from '../with-store.ts';
import { writeArchive, type ArchiveFile } from './archive.ts';
import { configFiles, type ConfigFiles } from './config-files.ts';
import { removeLeavings } from './leavings.ts';
import { atHand, measured, type MeasuredFile } from './measured.ts';
import { snapshotFormat, snapshotNames, type Manifest } from './manifest.ts';
import { byteProgress } from './progress.ts';

interface Options extends CommonOptions {
  readonly sign?: string;
  readonly withConfig?: boolean;
}

/** `state snapshot FILE`. */
export function registerStateSnapshot(group: Command, session: Session): void {
  const command = group
    .command('snapshot')
    .description('write the state as it is at this moment to one file, while servers and imports run')
    .argument('<file>', 'the file to write (a compressed tar archive); one that is there is replaced')
    .option('--sign <file>', 'private key (PEM PKCS #8 or JWK) to sign it with, as `portreeve sign` takes it')
    .option('--with-config', 'carry the configuration and the files that it names, without its secrets')
    .addOption(configOption())
    .addHelpText(
      'after',
      '\nBeside FILE there must be room for a copy of the state file while the command runs.' +
        '\nIn it: the whole state file, and the bytes of every CRL in force. Not in it: private keys, records.',
    );
  finish(
    command,
    session,
    [
      'state snapshot site.snapshot --sign state.key.pem',
      'state snapshot site.snapshot --with-config --json',
    ],
    (options: Options, [file]) => runSnapshot(file as string, options, session),
  );
}

async function runSnapshot(name: string, options: Options, session: Session): Promise<Answer> {
  const { folder, clock } = session.around;
  const path = resolve(folder, name);
  const config = session.config(options.config);
  const key = options.sign === undefined ? undefined : await readPrivateKey(resolve(folder, options.sign));
  const files = configFiles(config);
  const partial = `${path}.${process.pid}.part`;
  const copy = `${partial}.db`;
  const progress = byteProgress(session);
  removeLeavings(dirname(path), `${basename(path)}.`, '.part');
  try {
    progress.say('copying the state');
    await withStore(config, 'read_only', clock, (store) => copyStore(store, copy));
    const taken = { config, files, withConfig: options.withConfig === true, now: clock.now() };
    const { manifest, members } = await describe(copy, taken);
    const text = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
    const statement =
      key &&
      (await signStatement({ kind: 'state', sequence: manifest.sequence, sha256: sha256Hex(text) }, key));
    const archive: ArchiveFile[] = [
      atHand(snapshotNames.manifest, text),
      ...(statement === undefined ? [] : [atHand(snapshotNames.statement, Buffer.from(`${statement}\n`))]),
      ...members,
    ];
    const total = archive.reduce((sum, { bytes }) => sum + bytes, 0);
    await writeArchive(path, partial, archive, progress.counting('writing', total));
    return answer(path, manifest, sha256Hex(text), statement !== undefined);
  } catch (thrown) {
    if (thrown instanceof PortreeveError) throw thrown;
    throw new PortreeveError('PDP_USAGE', `cannot write ${path}: ${describeThrown(thrown)}`, {
      cause: thrown,
    });
  } finally {
    progress.end();
    for (const ending of ['', '-wal', '-shm']) rmSync(`${copy}${ending}`, { force: true });
  }
}

interface Taken {
  readonly config: Config;
  readonly files: ConfigFiles;
  readonly withConfig: boolean;
  readonly now: EpochMs;
}

/** What the copy holds, and every file that goes with it. */
async function describe(
  copy: string,
  taken: Taken,
): Promise<{ readonly manifest: Manifest; readonly members: readonly MeasuredFile[] }> {
  const store = openStore({ path: copy, mode: 'read_write', now: taken.now });
  let told: Omit<Manifest, 'files' | 'crls'>;
  let crls: ReturnType<typeof crlsOf>;
  try {
    retireStaged(store);
    told = describeState(store, taken);
    crls = crlsOf(store);
  } finally {
    store.close();
  }
  const kept = new Map<string, MeasuredFile>();
  for (const { digest } of crls) {
    const file = await measured(`${snapshotNames.kept}${digest}`, join(keptFolder(taken.config), digest));
    // One that was damaged since is worth no more than one that is not there.
    if (file?.sha256 === digest) kept.set(digest, file);
  }
  const state = await measured(snapshotNames.state, copy);
  if (!state) throw new PortreeveError('PDP_INTERNAL', `${copy} went away`);
  const config = taken.withConfig
    ? taken.files.carried.map(({ name, bytes }) => atHand(`${snapshotNames.config}${name}`, bytes))
    : [];
  const members = [state, ...kept.values(), ...config];
  const manifest = {
    ...told,
    crls: crls.map((crl) => ({ ...crl, kept: kept.has(crl.digest) })),
    files: members.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 })),
  };
  return { manifest, members };
}

function describeState(
  store: Store,
  { config, files, withConfig, now }: Taken,
): Omit<Manifest, 'files' | 'crls'> {
  const kept = readKeptTime(store);
  return {
    ...{ kind: 'portreeve-state', format: snapshotFormat, program, store_format: storeFormat },
    ...{ instance: store.instance, site: config.site, taken_at: formatInstant(now) },
    sequence: newestChange(store),
    epochs: store.epochs(),
    kept_time: kept ? formatInstant(kept.kept) : null,
    rows: countRows(store),
    holds_in_force: holdsInForce(store, now).size,
    sources: readSourceStates(store).map(({ kind, name, sequence, lastSuccess }) => ({
      ...{ kind, name, sequence },
      last_success: lastSuccess === null ? null : formatInstant(lastSuccess),
    })),
    configuration: configDigest(config),
    configuration_file: withConfig ? basename(config.file) : null,
    not_carried: withConfig ? files.notCarried : [],
  };
}

function crlsOf(store: Store): readonly Omit<Manifest['crls'][number], 'kept'>[] {
  return createRevocationReader(store)
    .crls()
    .map((crl) => ({
      ...{ issuer_key: crl.issuerKey, issuer_name: crl.issuerName, scope: crl.scope, delta: crl.delta },
      ...{ number: crl.number ?? null, digest: crl.digest },
      this_update: formatInstant(crl.thisUpdate),
      next_update: formatInstant(crl.nextUpdate),
    }));
}

function answer(path: string, manifest: Manifest, digest: string, signed: boolean): Answer {
  const { sequence, rows, crls, holds_in_force: holds, instance, taken_at: takenAt } = manifest;
  const missing = crls.filter(({ kept }) => !kept).map(({ issuer_name: name }) => name);
  const warnings = [
    ...(signed ? [] : ['it is not signed: whoever can change it can change what it restores']),
    ...missing.map((name) => `the bytes of the CRL of ${name} are not kept: decisions by it will not replay`),
    ...manifest.not_carried.map(({ path: file, why }) => `not in it: ${file} (${why})`),
  ];
  const { configuration_file: configuration, files } = manifest;
  const counts = `${rows['devices'] ?? 0} device rows, ${crls.length} CRLs, ${holds} holds in force`;
  return {
    exit: exitCodes.ok,
    data: {
      ...{ file: path, signed, manifest_sha256: digest, instance, taken_at: takenAt, sequence, rows, crls },
      ...{ holds_in_force: holds, configuration: manifest.configuration, configuration_file: configuration },
      ...{ files, not_carried: manifest.not_carried, warnings },
    },
    text:
      `${plain(path)}: state up to change ${sequence} (${counts}), ${signed ? 'signed' : 'not signed'}\n` +
      `manifest sha256 ${digest}\n${warnings.map((one) => `warning  ${plain(one)}\n`).join('')}`,
  };
}
