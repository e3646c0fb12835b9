import { Option, type Command } from 'commander';
import { decisionServiceDoor } from '../api/decision-service/service.ts';
import { extAuthzDoor } from '../api/ext-authz/service.ts';
import { decodeCheckRequestJson, decodeDecideRequestJson } from '../api/proto3-json.ts';
import type { Config } from '../config/types.ts';
import type { ContextResult, Pep } from '../context/types.ts';
import type { Decision, MadeDecision } from '../decision/types.ts';
import type { EpochMs } from '../lib/clock.ts';
import { PortreeveError } from '../lib/errors.ts';
import { unquestioned } from '../lib/trusted-time.ts';
import { composeDecision } from '../server/compose.ts';
import { clockAgainstStore } from '../server/time/known-time.ts';
import { configOption, finish, instantArgument, type CommonOptions } from './command.ts';
import { replayRecord } from './decide/replay.ts';
import { decisionText } from './decide/text.ts';
import { exitCodes } from './exit-codes.ts';
import { parseJson, readInput } from './input.ts';
import { cliPep } from './pep.ts';
import { recordsHelp } from './record-source.ts';
import type { Answer, Session } from './session.ts';
import { patientTiming, recordNothing, stoppedClock } from './trial.ts';

interface Options extends CommonOptions {
  readonly request?: string;
  readonly replay?: string;
  readonly records?: readonly string[];
  readonly at?: EpochMs;
  readonly pep?: string;
}

/** Bytes of a request as JSON: more than any door takes, so that what is too much is a denial here as well. */
const mostBytes = 8 * 1024 * 1024;

/** `decide`. */
export function registerDecide(program: Command, session: Session): void {
  const command = program
    .command('decide')
    .description(
      'decide one request with the configured state, without a server; or conclude a recorded decision again',
    )
    .option(
      '--request <file>',
      'proto3 JSON of an Envoy CheckRequest (top level `attributes`) or of a DecideRequest; - for standard input',
    )
    .option('--at <instant>', 'decide as of this time (RFC 3339)', instantArgument)
    .option('--pep <name>', 'which configured PEP asks (default: the first one)')
    .addOption(
      new Option(
        '--replay <record>',
        'conclude a record (one JSON object) again; 0 = same, 1 = different',
      ).conflicts(['request', 'at', 'pep']),
    )
    .addOption(
      new Option('--records <location...>', `with --replay, which is then an id: ${recordsHelp}`).conflicts(
        'request',
      ),
    )
    .addOption(configOption());
  finish(
    command,
    session,
    [
      'decide --request request.json',
      'decide --request - --at 2026-11-20T08:00:00Z --json < request.json',
      'decide --replay record.json',
      'decide --replay 019aa1c0-5b2e-7c3a-9d10-3f2a6b7c8d9e --records audit',
    ],
    (options: Options) => runDecide(options, session),
  );
}

async function runDecide(options: Options, session: Session): Promise<Answer> {
  if (options.replay !== undefined) return replayRecord(options.replay, options, session);
  if (options.request === undefined)
    throw new PortreeveError('PDP_USAGE', 'give --request FILE, or --replay RECORD');
  const config = session.config(options.config);
  const pep = cliPep(config, options.pep);
  const request = parseJson(await readInput(options.request, mostBytes, session), options.request);
  const made = await decideOnce(config, readRequest(request, pep, config), options.at, session);
  return { exit: exitCodeOf(made.decision), data: made.decision, text: decisionText(made, session.paint) };
}

/** What a door would make of the request; throws PDP_INPUT_MALFORMED where it is neither message. */
function readRequest(request: unknown, pep: Pep, config: Config): ContextResult {
  if (typeof request === 'object' && request !== null && 'attributes' in request) {
    return extAuthzDoor(config).build(decodeCheckRequestJson(request), pep, undefined);
  }
  return decisionServiceDoor(config).build(decodeDecideRequestJson(request), pep, undefined);
}

async function decideOnce(
  config: Config,
  built: ContextResult,
  at: EpochMs | undefined,
  session: Session,
): Promise<MadeDecision> {
  const real = session.around.clock;
  const clock = at === undefined ? real : stoppedClock(at, real);
  const composed = await composeDecision(config, {
    ...{ recorder: recordNothing, clock, mode: 'read_only' as const },
    // A time that is asked about is not the clock's.
    trusted: (store) =>
      at === undefined ? clockAgainstStore(store, clock, config.time) : unquestioned(clock),
  });
  try {
    return await composed.point.decide(built, patientTiming(clock));
  } finally {
    composed.close();
  }
}

function exitCodeOf({ outcome, faults }: Decision): number {
  if (faults.length > 0) return exitCodes.fault;
  return outcome === 'allow' ? exitCodes.ok : exitCodes.deny;
}
