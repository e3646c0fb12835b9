import { Command, CommanderError } from 'commander';
import { jsonOption } from './command.ts';
import { describeFailure } from './failure.ts';
import { exitCodeHelp, exitCodes } from './exit-codes.ts';
import { Session, type Surroundings } from './session.ts';
import { programVersion } from '../server/program.ts';

/**
 * Runs one command line (without node and script) and returns the exit code. With `--json`, exactly one object goes
 * to stdout, whatever happens; otherwise results go to stdout and complaints to stderr.
 */
export async function runProgram(argv: readonly string[], around: Surroundings): Promise<number> {
  const session = new Session(around, wantsJson(argv));
  const help = { text: '' };
  try {
    const program = await buildProgram(argv[0] ?? '', session, help);
    // To the library's own `help` everything behind it is the name of a command.
    const words = argv[0] === 'help' ? argv.filter((word) => word !== '--json') : argv;
    await program.parseAsync(words, { from: 'user' });
    return print(session);
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) {
      session.answer = { exit: exitCodes.ok, data: toldData(thrown, help.text), text: help.text };
      return print(session);
    }
    const failure = describeFailure(explainHelp(thrown), session);
    if (session.json) around.stdout.write(`${JSON.stringify(failure.data)}\n`);
    else around.stderr.write(`${failure.text}`);
    return failure.exit;
  }
}

/** Wherever it stands among the options: what is wrong with a command line must be told in the form asked for, too. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json');
}

/** What the library itself answers to `--version` and to `--help`, for machines. */
function toldData(told: CommanderError, text: string): object {
  return told.code === 'commander.version' ? { program: programVersion } : { help: text };
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

type Register = (program: Command, session: Session) => void;

/**
 * Every command, in the order of the help. Each is loaded when it is asked for: `crl import` needs neither the server
 * nor the policy's runtime, and should not wait for them.
 */
const commands: Readonly<Record<string, () => Promise<Register>>> = {
  serve: async () => (await import('./serve.ts')).registerServe,
  decide: async () => (await import('./decide.ts')).registerDecide,
  device: async () => (await import('./device/group.ts')).registerDevice,
  firmware: async () => (await import('./firmware/group.ts')).registerFirmware,
  gateway: async () => (await import('./gateway/group.ts')).registerGateway,
  hold: async () => (await import('./hold/group.ts')).registerHold,
  crl: async () => (await import('./crl/group.ts')).registerCrl,
  ocsp: async () => (await import('./ocsp/group.ts')).registerOcsp,
  cert: async () => (await import('./cert/group.ts')).registerCert,
  policy: async () => (await import('./policy/group.ts')).registerPolicy,
  sign: async () => (await import('./sign.ts')).registerSign,
  time: async () => (await import('./time/group.ts')).registerTime,
  state: async () => (await import('./state/group.ts')).registerState,
  config: async () => (await import('./config.ts')).registerConfig,
  doctor: async () => (await import('./doctor.ts')).registerDoctor,
  audit: async () => (await import('./audit/group.ts')).registerAudit,
  records: async () => (await import('./records/group.ts')).registerRecords,
  demo: async () => (await import('./demo/command.ts')).registerDemo,
  version: async () => (await import('./version.ts')).registerVersion,
};

/** The command line: the one command that is called, or all of them where none is (help, a misspelt name). */
async function buildProgram(name: string, session: Session, help: { text: string }): Promise<Command> {
  const program = new Command('portreeve')
    .description(
      'Decides which devices may connect: real certificate paths, revocation, inventory and policy.',
    )
    .version(programVersion, '-V, --version', 'print the version number')
    .addOption(jsonOption())
    // An option after a command is that command's own, which may refuse it beside others.
    .enablePositionalOptions()
    .exitOverride()
    .showSuggestionAfterError()
    // Kept, so that nothing is printed twice; complaints are told by describeFailure.
    .configureOutput({ writeOut: (text) => (help.text += text), writeErr: () => undefined })
    .addHelpText('after', exitCodeHelp);
  const called = Object.hasOwn(commands, name) ? [name] : Object.keys(commands);
  for (const one of called) (await commands[one]?.())?.(program, session);
  for (const group of program.commands) if (group.commands.length > 0) group.addOption(jsonOption());
  return program;
}
