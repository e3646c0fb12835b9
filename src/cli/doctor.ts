import type { Command } from 'commander';
import { configOption, finish, type CommonOptions } from './command.ts';
import { examineAuthorities } from './doctor/authorities.ts';
import { examineClock } from './doctor/clock.ts';
import { examineConfiguration } from './doctor/configuration.ts';
import { examineCrls } from './doctor/crls.ts';
import { examineFiles } from './doctor/files.ts';
import type { Check, Finding } from './doctor/finding.ts';
import { examineFirmware } from './doctor/firmware.ts';
import { examineHolds } from './doctor/holds.ts';
import { examineOcsp } from './doctor/ocsp.ts';
import { examineOutsiders } from './doctor/outsiders.ts';
import { examinePolicy } from './doctor/policy.ts';
import { examinePorts } from './doctor/ports.ts';
import { examineSources } from './doctor/sources.ts';
import { examineAudit, examineInventory, examineStore } from './doctor/state.ts';
import { examineVerifiers } from './doctor/verifiers.ts';
import { exitCodes } from './exit-codes.ts';
import { plain, type Tone } from './output.ts';
import type { Answer, Session } from './session.ts';

const checks: readonly Check[] = [
  examineFiles,
  examineAuthorities,
  examineStore,
  examineInventory,
  examineCrls,
  examineHolds,
  examineFirmware,
  examineSources,
  examineOcsp,
  examineVerifiers,
  examinePolicy,
  examineClock,
  examinePorts,
  examineAudit,
  examineOutsiders,
];

/** `doctor`: the whole installation, with advice for each finding. */
export function registerDoctor(program: Command, session: Session): void {
  const command = program
    .command('doctor')
    .description(
      'test the whole installation and say what to do about each finding; answers 1 where any check failed, 2 where the configuration cannot be read, is not YAML, or is of a newer format',
    )
    .addOption(configOption());
  finish(command, session, ['doctor', 'doctor --json'], (options: CommonOptions) =>
    runDoctor(options, session),
  );
}

async function runDoctor(options: CommonOptions, session: Session): Promise<Answer> {
  const { config, readable, findings: first } = examineConfiguration(options.config, session);
  const findings = [...first];
  if (config) {
    for (const check of checks) findings.push(...(await check({ config, around: session.around })));
  }
  const failed = findings.filter(({ status }) => status === 'fail').length;
  const warned = findings.filter(({ status }) => status === 'warn').length;
  const end = `${findings.length} checks, ${failed} failed, ${warned} to look at\n`;
  return {
    exit: !readable ? exitCodes.refused : failed > 0 ? exitCodes.failed : exitCodes.ok,
    data: { ok: failed === 0, checks: findings },
    text: `${findings.map((finding) => line(finding, session)).join('')}${end}`,
  };
}

const tones: Readonly<Record<Finding['status'], Tone>> = { ok: 'good', warn: 'warn', fail: 'bad' };

function line({ check, status, message, advice }: Finding, { paint }: Session): string {
  const told = `${paint(tones[status], status.padEnd(4))}  ${check.padEnd(13)}  ${plain(message)}\n`;
  return advice === undefined ? told : `${told}      ${' '.repeat(13)}  -> ${plain(advice)}\n`;
}
