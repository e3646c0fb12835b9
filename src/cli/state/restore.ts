import { mkdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { configDigest } from '../../config/digest.ts';
import type { Config } from '../../config/types.ts';
import { keepLarge } from '../../audit/kept.ts';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { keptFolder } from '../../server/records/keep-versions.ts';
import { configOption, finish, whyOption, type CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { removeLeavings } from './leavings.ts';
import { carriedConfig, type CarriedConfig } from './place-config.ts';
import { byteProgress } from './progress.ts';
import { putInPlace, type Placed } from './put-in-place.ts';
import { snapshotNames, type Manifest } from './manifest.ts';
import { readBack, sizeOf, unpack, type Unpacked } from './unpack.ts';

interface Options extends CommonOptions {
  readonly verify?: string;
  readonly withConfig?: string;
  readonly force?: boolean;
  readonly why?: string;
}

/** `state restore FILE`. */
export function registerStateRestore(group: Command, session: Session): void {
  const command = group
    .command('restore')
    .description('put the state of a snapshot in place, whole or not at all, also while a server runs on it')
    .argument('<file>', 'the snapshot')
    .option('--verify <file>', 'public keys (PEM, JWK, JWKS) of which one must have signed it')
    .option('--with-config <folder>', 'put the configuration that it carries into a folder, and use that')
    .option('--force', 'also where something goes back: holds, revocations, devices, sequences')
    .addOption(whyOption())
    .addOption(configOption())
    .addHelpText(
      'after',
      '\nRefused, with a list of what would go back, where the state that is there has newer changes, CRLs, holds or' +
        '\nsequences; --force --why restores all the same. Private keys have to be brought.',
    );
  finish(
    command,
    session,
    [
      'state restore site.snapshot --verify state.pub.pem',
      'state restore site.snapshot --verify state.pub.pem --with-config /etc/portreeve',
      'state restore site.snapshot --verify state.pub.pem --force --why "the disk lost a day, case 20" --json',
    ],
    (options: Options, [file]) => runRestore(file as string, options, session),
  );
}

async function runRestore(name: string, options: Options, session: Session): Promise<Answer> {
  if (options.force === true && options.why === undefined)
    throw new PortreeveError('PDP_USAGE', '--force needs --why: it may lift holds and revocations');
  const { folder, clock } = session.around;
  const path = resolve(folder, name);
  const configFolder = options.withConfig === undefined ? undefined : resolve(folder, options.withConfig);
  const progress = byteProgress(session);
  // Beside the state file, so that one rename puts it in place.
  const before = configFolder === undefined ? session.config(options.config) : undefined;
  const staging = makeStaging(before ? dirname(before.state.path) : (configFolder as string));
  try {
    const unpacked = await unpack({
      ...{ path, into: staging, now: clock.now() },
      verify: options.verify === undefined ? undefined : resolve(folder, options.verify),
      onBytes: progress.counting('verifying', await sizeOf(path)),
    });
    const { manifest } = unpacked;
    const force = options.force === true;
    const carried =
      configFolder === undefined
        ? undefined
        : carriedConfig({ manifest, staging, folder: configFolder, force, path });
    const config = before ?? (carried as CarriedConfig).config;
    progress.say('comparing with the state that is there');
    let configured: readonly string[] = [];
    const placed = putInPlace({
      ...{ config, staging, unpacked, path, force, clock },
      ...{ actor: session.actor(), why: options.why ?? `restore of ${path}` },
      onJudged: () => (configured = carried?.write() ?? []),
    });
    const warnings = await keepCrls(manifest, staging, config);
    return answer({ path, config, unpacked, placed, configured, warnings });
  } finally {
    progress.end();
    rmSync(staging, { recursive: true, force: true });
  }
}

const stagingStart = '.restore-';

/** A new folder, and what killed runs have left behind is removed. */
function makeStaging(beside: string): string {
  try {
    mkdirSync(beside, { recursive: true, mode: 0o750 });
    removeLeavings(beside, stagingStart);
    const staging = join(beside, `${stagingStart}${process.pid}`);
    mkdirSync(staging, { mode: 0o700 });
    return staging;
  } catch (thrown) {
    throw new PortreeveError('PDP_USAGE', `cannot unpack beside ${beside}: ${describeThrown(thrown)}`, {
      cause: thrown,
    });
  }
}

/** Keeps the bytes of CRLs for replay. What cannot be kept keeps no revocation out: it is told. */
async function keepCrls(manifest: Manifest, staging: string, config: Config): Promise<string[]> {
  const warnings: string[] = [];
  for (const { name } of manifest.files.filter((file) => file.name.startsWith(snapshotNames.kept))) {
    try {
      await keepLarge(keptFolder(config), basename(name), () => readBack(join(staging, name)));
    } catch (thrown) {
      warnings.push(`decisions by a CRL will not replay: ${describeThrown(thrown)}`);
    }
  }
  return warnings;
}

interface Restored {
  readonly path: string;
  readonly config: Config;
  readonly unpacked: Unpacked;
  readonly placed: Placed;
  readonly configured: readonly string[];
  readonly warnings: readonly string[];
}

function answer({ path, config, unpacked, placed, configured, warnings: kept }: Restored): Answer {
  const { manifest, signed, verified, digest } = unpacked;
  const { instance, epoch, replaced, wentBack } = placed;
  // Paths are part of the digest: in another folder it is another one.
  const other = configured.length === 0 && configDigest(config) !== manifest.configuration;
  const warnings = [
    ...(verified ? [] : [signed ? 'its signature was not verified (--verify)' : 'it is not signed']),
    ...(other ? ['the configuration is not the one that the snapshot was taken under'] : []),
    ...manifest.not_carried.map(({ path: file, why }) => `has to be brought: ${file} (${why})`),
    ...kept,
  ];
  const back = wentBack.map(({ kind, what }) => `went back  ${kind}: ${plain(what)}\n`).join('');
  return {
    exit: exitCodes.ok,
    data: {
      ...{ file: path, state: config.state.path, manifest_sha256: digest, signed, verified },
      ...{ taken_at: manifest.taken_at, sequence: manifest.sequence, instance, epoch },
      former_instance: manifest.instance,
      ...{ replaced, going_back: wentBack, configuration_files: configured, warnings },
    },
    text:
      `${plain(config.state.path)}: the state of ${manifest.taken_at}, up to change ${manifest.sequence}, is in place` +
      ` (epoch ${epoch}, instance ${instance})\n${back}` +
      configured.map((file) => `written  ${plain(file)}\n`).join('') +
      warnings.map((one) => `warning  ${plain(one)}\n`).join(''),
  };
}
