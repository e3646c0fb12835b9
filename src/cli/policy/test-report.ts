import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { coverageTargets, shortfall, writeCoverage } from '../../workshop/coverage/formats.ts';
import { together } from '../../workshop/report/examine.ts';
import type { Examined } from '../../workshop/report/examine.ts';
import { reportTargets, writeReport } from '../../workshop/report/formats.ts';
import { reportDocument } from '../../workshop/report/json.ts';
import type { Report } from '../../workshop/report/types.ts';
import { program } from '../../server/program.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Answer, Session } from '../session.ts';
import type { TestOptions } from './test-options.ts';

/** When a run began, by both clocks. */
export interface Started {
  readonly at: EpochMs;
  readonly tick: number;
}

/** Refuses wrong names of formats and files before anything runs. Throws PDP_USAGE. */
export function checkTargets(options: TestOptions): void {
  reportTargets(options.format ?? []);
  coverageTargets(options.coverageOut ?? []);
}

/** Writes the reports that go to files, and answers with the one for standard output. Throws PDP_USAGE. */
export function reportAnswer(
  examined: readonly Examined[],
  started: Started,
  options: TestOptions,
  session: Session,
): Answer {
  const { folder, clock, stderr } = session.around;
  const all = together(examined);
  const short = shortfallOf(all, options);
  const report: Report = {
    ...{ program, started: started.at, durationMs: clock.monotonic() - started.tick },
    ...all,
    ...(short !== undefined && { shortfall: short }),
  };
  for (const { format, file } of coverageTargets(options.coverageOut ?? [])) {
    if (all.coverage) write(resolve(folder, file), writeCoverage(all.coverage, format));
  }
  let text = '';
  const targets = reportTargets(options.format ?? []);
  for (const { format, file } of targets) {
    const paint = file === undefined ? session.paint : (_tone: string, plain: string) => plain;
    const written = writeReport(report, format, { paint, prefix: '' });
    if (file === undefined) text = written;
    else write(resolve(folder, file), written);
  }
  const told = targets.some(({ format, file }) => format === 'tree' && file === undefined) || session.json;
  if (short !== undefined && !told) stderr.write(`portreeve: ${short}\n`);
  const wrong = all.items.some(({ status }) => status === 'failed' || status === 'error');
  return {
    exit: wrong || short !== undefined ? exitCodes.failed : exitCodes.ok,
    data: reportDocument(report),
    text,
  };
}

/** By how much less is covered than is asked for; undefined where enough is. */
export function shortfallOf({ coverage }: Examined, { coverageMin: least }: TestOptions): string | undefined {
  return coverage && least !== undefined ? shortfall(coverage, least) : undefined;
}

function write(file: string, text: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  } catch (thrown) {
    throw new PortreeveError('PDP_USAGE', `${file}: ${describeThrown(thrown)}`, { cause: thrown });
  }
}
