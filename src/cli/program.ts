import { Command, CommanderError } from 'commander';
import { registerConfig } from './config.ts';
import { registerCrl } from './crl/group.ts';
import { registerDecide } from './decide.ts';
import { registerDemo } from './demo/command.ts';
import { registerDevice } from './device/group.ts';
import { registerDoctor } from './doctor.ts';
import { registerServe } from './serve.ts';
import { registerVersion } from './version.ts';
import { describeFailure } from './failure.ts';
import { exitCodeHelp, exitCodes } from './exit-codes.ts';
import { Session, type Surroundings } from './session.ts';
import { programVersion } from '../server/program.ts';

/**
 * Runs one command line (without node and script) and returns the exit code. With `--json`, exactly one object goes
 * to stdout, whatever happens; otherwise results go to stdout and complaints to stderr.
 */
export async function runProgram(argv: readonly string[], around: Surroundings): Promise<number> {
  const session = new Session(around, argv.includes('--json'));
  const help = { text: '' };
  try {
    await buildProgram(session, help).parseAsync(argv, { from: 'user' });
    return print(session);
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) {
      around.stdout.write(help.text);
      return exitCodes.ok;
    }
    const failure = describeFailure(explainHelp(thrown), session);
    if (session.json) around.stdout.write(`${JSON.stringify(failure.data)}\n`);
    else around.stderr.write(`${failure.text}`);
    return failure.exit;
  }
}

function print(session: Session): number {
  const { answer, json, around } = session;
  if (!answer) return exitCodes.ok;
  around.stdout.write(json ? `${JSON.stringify(answer.data)}\n` : answer.text);
  return answer.exit;
}

/** A command group that was called without a command is wrong usage, told in one line. */
function explainHelp(thrown: unknown): unknown {
  if (!(thrown instanceof CommanderError) || thrown.code !== 'commander.help') return thrown;
  return new CommanderError(exitCodes.refused, thrown.code, 'a command is missing');
}

/** The whole command line. What commander writes is kept in `help`, so that nothing is printed twice. */
export function buildProgram(session: Session, help: { text: string }): Command {
  const program = new Command('portreeve')
    .description(
      'Decides which devices may connect: real certificate paths, revocation, inventory and policy.',
    )
    .version(programVersion, '-V, --version', 'print the version number')
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => (help.text += text),
      writeErr: () => undefined,
    })
    .addHelpText('after', exitCodeHelp);
  registerServe(program, session);
  registerDecide(program, session);
  registerDevice(program, session);
  registerCrl(program, session);
  registerConfig(program, session);
  registerDoctor(program, session);
  registerDemo(program, session);
  registerVersion(program, session);
  return program;
}
