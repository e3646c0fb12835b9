import type { Command } from 'commander';
import { PortreeveError } from '../lib/errors.ts';
import { runParent } from '../server/run.ts';
import type { DecisionSummary } from '../server/records/summary.ts';
import { configOption, finish, type CommonOptions } from './command.ts';
import { loadKnownConfig } from './known-config.ts';
import { plain, type Paint } from './output.ts';
import type { Answer, Session } from './session.ts';

interface Options extends CommonOptions {
  readonly printDecisions?: boolean;
}

/** `serve`. */
export function registerServe(program: Command, session: Session): void {
  const command = program
    .command('serve')
    .description('run the server until SIGINT or SIGTERM, then drain; log lines go to stderr')
    .option('--print-decisions', 'print each decision in one line on stdout')
    .addOption(configOption())
    .addHelpText(
      'after',
      '\nWith --json the one object comes at the end: how it ended, or why it could not start.',
    );
  finish(
    command,
    session,
    ['serve', 'serve --config /etc/portreeve/portreeve.yaml', 'serve --print-decisions'],
    (options: Options) => runServe(options, session),
  );
}

async function runServe(options: Options, session: Session): Promise<Answer> {
  if (options.printDecisions && session.json) {
    throw new PortreeveError(
      'PDP_USAGE',
      '--json prints one object only; it cannot go with --print-decisions',
    );
  }
  const { clock, environment, stdout, stderr } = session.around;
  const file = session.configFile(options.config);
  const log = (line: string) => void stderr.write(`portreeve: ${plain(line)}\n`);
  const load = () => loadKnownConfig(file, clock);
  const exit = await runParent(load(), {
    load,
    clock,
    otel: environment.otel,
    log,
    onReady: ({ addresses }) => {
      for (const { listener, address, tls } of addresses)
        log(`${listener} listens on ${address}${tls ? ' (TLS)' : ''}`);
      log('ready');
    },
    ...(options.printDecisions && {
      onDecision: (decision: DecisionSummary) => void stdout.write(decisionLine(decision, session.paint)),
    }),
  });
  return { exit, data: { exit }, text: '' };
}

/** One decision in one line: when, what, who, why, by which id. */
export function decisionLine(decision: DecisionSummary, paint: Paint): string {
  const { outcome, enforced, time, device_id, pep, reason, message, decision_id } = decision;
  const word = paint(outcome === 'allow' ? 'good' : 'bad', outcome.padEnd(5));
  const passes = enforced ? '' : ' (not enforced)';
  return `${time} ${word} ${plain(device_id ?? '-')} via ${plain(pep)}: ${reason}${passes}: ${plain(message)} [${decision_id}]\n`;
}
